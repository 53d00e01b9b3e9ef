//! A peer that a runtime drives, as an end in memory.

use std::hint::black_box;

use tokio::runtime::Runtime;
use tokio::task::unconstrained;
use ws_proto::Role;

use crate::codec::{Codec, Work};
use crate::content::Content;
use crate::contestant::Open;
use crate::memory::Memory;

struct Driven<P> {
    peer: P,
    runtime: Runtime,
}

/// Opens an end that is a [`Peer`](crate::contestant::Peer).
pub(crate) fn open<P: Open>(stream: Memory, role: Role) -> Box<dyn Codec> {
    let runtime = runtime();
    let guard = runtime.enter();
    let peer = P::open(stream, role);
    drop(guard);
    Box::new(Driven { peer, runtime })
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

impl<P: Open> Driven<P> {
    fn receive(&mut self, count: usize, each: impl FnMut(&[u8]) + Send) {
        let received = self.runtime.block_on(unconstrained(self.peer.receive(count, each)));
        assert_eq!(received, count, "messages received");
    }
}

impl<P: Open> Codec for Driven<P> {
    fn supports(&self, _: Work) -> bool {
        true
    }

    fn check(&mut self, work: Work, content: &Content, count: usize) {
        match work {
            Work::Receive => {
                self.receive(count, |data| assert!(data == content.data, "the payload received"));
            }
            Work::Send | Work::Echo => self.run(work, content, count),
        }
    }

    fn receives(&mut self) -> bool {
        self.runtime.block_on(unconstrained(self.peer.receive(1, |_| ()))) == 1
    }

    fn run(&mut self, work: Work, content: &Content, count: usize) {
        match work {
            Work::Receive => {
                let mut bytes = 0;
                self.receive(count, |data| bytes += black_box(data).len());
                assert_eq!(bytes, content.data.len() * count, "bytes received");
            }
            Work::Send => {
                let messages = std::iter::repeat_n(content, count);
                self.runtime.block_on(unconstrained(self.peer.send(messages)));
            }
            Work::Echo => self.runtime.block_on(unconstrained(self.peer.echo(count))),
        }
    }
}
