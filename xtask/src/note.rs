/// The prefix of a line that CI repeats in its table.
pub(crate) const MARK: &str = "summary: ";

/// Prints a line that CI repeats in its table.
pub(crate) fn print(text: &str) {
    println!("{MARK}{text}");
}
