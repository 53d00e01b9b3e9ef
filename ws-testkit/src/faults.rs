//! What networks and peers do to a real socket.

pub mod full_output;
pub mod half_close;
pub mod handshakes;
pub mod many;
pub mod narrow;
pub mod pipelined;
pub mod random;
pub mod resets;
pub mod stalls;
pub mod timers;
pub mod too_big;

use crate::raw::{REQUEST, RESPONSE};
use ws_futures::proto::Role;

/// One of each kind of message and control frame that a client may send, and the answers of an echo
/// server.
struct Conversation {
    sent: Vec<u8>,
    answered: Vec<u8>,
}

/// The Close frames that end a conversation. The client sends its own after it has all answers: a
/// server whose halves are two tasks may otherwise answer it before the last messages.
const CLOSE: (&[u8], &[u8]) = (b"\x88\x86\0\0\0\0\x03\xe8Done", b"\x88\x02\x03\xe8");

fn conversation() -> Conversation {
    let long = [b'l'; 300];
    let sent = [
        REQUEST.into(),
        ws_wire::frame(Role::Server, 0x81, "text ß€😀".as_bytes()),
        ws_wire::frame(Role::Server, 0x02, b"frag"),
        ws_wire::frame(Role::Server, 0x00, b""),
        ws_wire::frame(Role::Server, 0x80, b"ments"),
        ws_wire::frame(Role::Server, 0x82, &long),
        ws_wire::frame(Role::Server, 0x81, b""),
    ];
    let answered = [
        RESPONSE.into(),
        ws_wire::frame(Role::Client, 0x81, "text ß€😀".as_bytes()),
        ws_wire::frame(Role::Client, 0x82, b"fragments"),
        ws_wire::frame(Role::Client, 0x82, &long),
        ws_wire::frame(Role::Client, 0x81, b""),
    ];
    Conversation { sent: sent.concat(), answered: answered.concat() }
}

/// Makes the tests of a crate from [`faults`](self): a module for each runtime.
#[macro_export]
macro_rules! tests {
    ($($module:ident: $runtime:ty),* $(,)?) => {
        $(mod $module {
            $crate::tests!(@each $runtime,
                narrow::one_byte_at_a_time,
                pipelined::a_reply_arrives_while_the_socket_is_idle,
                pipelined::a_reply_arrives_when_the_socket_is_dropped,
                resets::by_a_client_that_has_written_a_part,
                resets::by_a_client_that_has_read_a_part,
                resets::by_a_server,
                stalls::in_a_request,
                stalls::in_a_message,
                stalls::of_a_peer_that_shows_no_life,
                handshakes::of_a_server_that_refuses_and_breaks_off,
                handshakes::of_a_server_that_speaks_something_else,
                handshakes::of_a_client_that_speaks_something_else,
                half_close::of_a_server_that_was_sent_nonsense,
                half_close::what_it_asked_for_is_answered,
                full_output::nothing_is_lost,
                full_output::a_peer_that_never_reads_is_given_up,
                timers::pings_between_messages,
                timers::pings_both_ways,
                random::everything_comes_back,
                random::halves_at_full_speed,
                many::each_gets_its_own_back,
                many::all_wait_for_all,
                too_big::a_client_that_is_still_sending_sees_the_close_frame,
            );
        })*
    };
    (@each $runtime:ty, $($file:ident::$test:ident),* $(,)?) => {
        $(#[test]
        fn $test() {
            $crate::faults::$file::$test::<$runtime>();
        })*
    };
}
