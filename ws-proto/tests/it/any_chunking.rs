//! However a byte stream is cut, its results are the same.

use proptest::collection::vec;
use proptest::prelude::*;
use ws_proto::{Config, Delivery, Limits, Role};

use crate::pair::run;
use crate::property;

fn delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![Just(Delivery::Whole), Just(Delivery::Chunked)]
}

/// Limits that the streams of these tests sometimes exceed.
fn limits() -> impl Strategy<Value = Limits> {
    let tight = Limits { max_message_size: 300, max_frame_size: 200, max_fragments: 4 };
    prop_oneof![3 => Just(Limits::incoming()), 1 => Just(tight)]
}

fn same(role: Role, config: &Config, wire: &[u8], cuts: &[usize]) -> Result<(), TestCaseError> {
    let whole = run::outcome(role, config, wire, &[usize::MAX]);
    let cut = run::outcome(role, config, wire, cuts);
    prop_assert_eq!(&cut, &whole, "cut");
    for wait in [1, 3, usize::MAX] {
        let behind = run::outcome_behind(role, config, wire, cuts, wait);
        prop_assert_eq!(&behind, &whole, "read behind, waiting before each {}th", wait);
    }
    let single = run::outcome(role, config, wire, &[1]);
    prop_assert_eq!(&single, &whole, "byte by byte");
    Ok(())
}

proptest! {
    #![proptest_config(property::cases(800))]

    #[test]
    fn of_frames(
        (role, wire) in property::role()
            .prop_flat_map(|role| (Just(role), property::frames(role))),
        cuts in property::cuts(),
        delivery in delivery(),
        incoming in limits(),
        automatic_pong in any::<bool>(),
        automatic_close in any::<bool>(),
    ) {
        let config =
            Config { incoming, delivery, automatic_pong, automatic_close, ..Config::default() };
        same(role, &config, &wire, &cuts)?;
    }

    #[test]
    fn of_arbitrary_bytes(
        role in property::role(),
        wire in vec(any::<u8>(), 0..200),
        cuts in property::cuts(),
        delivery in delivery(),
        incoming in limits(),
        automatic_pong in any::<bool>(),
        automatic_close in any::<bool>(),
    ) {
        let config =
            Config { incoming, delivery, automatic_pong, automatic_close, ..Config::default() };
        same(role, &config, &wire, &cuts)?;
    }

    /// The joined chunks are the messages; an error may only be reported after more of its message.
    #[test]
    fn in_both_deliveries(
        (role, wire) in property::role()
            .prop_flat_map(|role| (Just(role), property::frames(role))),
        automatic_close in any::<bool>(),
    ) {
        let outcomes = [Delivery::Whole, Delivery::Chunked].map(|delivery| {
            let config = Config { delivery, automatic_close, ..Config::default() };
            run::outcome(role, &config, &wire, &[usize::MAX])
        });
        let [whole, chunked] = outcomes;
        prop_assert_eq!(chunked.error, whole.error);
        prop_assert_eq!(&chunked.output, &whole.output);
        prop_assert_eq!(run::messages(chunked.events), run::messages(whole.events));
    }
}
