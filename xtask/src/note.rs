/// What begins a line that belongs into the table at the end of CI.
pub(crate) const MARK: &str = "summary: ";

/// Prints a line that CI repeats in its table.
pub(crate) fn print(text: &str) {
    println!("{MARK}{text}");
}
