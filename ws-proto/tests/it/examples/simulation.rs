use crate::examples::program;

#[test]
fn the_simulation_prints_what_it_always_does() {
    let output = program::command("simulation").output().expect("a program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("text");
    assert_eq!(printed.replace("\r\n", "\n"), include_str!("simulation.txt"));
}
