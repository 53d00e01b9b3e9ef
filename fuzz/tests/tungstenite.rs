//! Random streams of valid and invalid frames, read by this library and by tungstenite.

#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "../../ws-proto/tests/it/pair/mod.rs"]
mod pair;
#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "../../ws-proto/tests/it/property/mod.rs"]
mod property;

use proptest::prelude::*;
use ws_fuzz::agrees_with_tungstenite;

proptest! {
    #![proptest_config(property::cases(5_000))]

    #[test]
    fn every_difference_is_explained(
        (role, wire) in property::role()
            .prop_flat_map(|role| (Just(role), property::frames(role))),
    ) {
        agrees_with_tungstenite(role, &wire);
    }
}
