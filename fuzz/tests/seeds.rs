//! Every seed passes its target's check, with any compiler and without a fuzzer.

use std::fs;
use std::path::Path;

#[test]
fn every_target_accepts_its_seeds() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (name, check) in ws_fuzz::CHECKS {
        let folder = fs::read_dir(seeds.join(name)).expect(name);
        let mut count = 0;
        for seed in folder {
            let path = seed.expect(name).path();
            println!("{}", path.display());
            check(&fs::read(path).expect(name));
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
}
