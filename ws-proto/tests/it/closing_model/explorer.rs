//! All reachable states, each once, in the order of their distance.

use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};

use crate::closing_model::action::{ACTIONS, Action};
use crate::closing_model::rules;
use crate::closing_model::world::{Cuts, Scenario, World};

/// The size of an exploration.
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    /// The number of steps to the state that is farthest away.
    pub(crate) distance: usize,
}

/// A state, by the step that leads to it.
#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    action: u8,
}

pub(crate) struct Explorer {
    scenario: Scenario,
    cuts: Cuts,
    nodes: Vec<Node>,
    seen: HashMap<u64, u32>,
}

/// One in this many states that are reached by a second path is compared with the state at the end
/// of the first one: the fingerprint must leave nothing out.
const COMPARED: usize = 64;

impl Explorer {
    /// Checks the rules in every reachable state.
    ///
    /// A connection cannot be copied: a state is reached by repeating all steps.
    pub(crate) fn run(scenario: Scenario, cuts: Cuts) -> Explored {
        let mut explorer = Self { scenario, cuts, nodes: Vec::new(), seen: HashMap::new() };
        explorer.nodes.push(Node { parent: 0, action: 0 });
        explorer.seen.insert(World::new(scenario, cuts).fingerprint(), 0);
        let (mut level, mut steps, mut distance) = (0..1, 0, 0);
        loop {
            let next = explorer.nodes.len();
            for node in level {
                steps += explorer.expand(node);
            }
            level = next..explorer.nodes.len();
            if level.is_empty() {
                return Explored { states: explorer.nodes.len(), steps, distance };
            }
            distance += 1;
        }
    }

    /// Takes every step from a state.
    fn expand(&mut self, node: usize) -> usize {
        let path = self.path(node);
        let world = self.replay(&path);
        let mut count = 0;
        for (index, action) in ACTIONS.into_iter().enumerate() {
            if !world.is_enabled(action) {
                continue;
            }
            count += 1;
            let path = [&*path, &[action]].concat();
            let mut world = self.replay(&path);
            guarded(&path, || rules::check(&mut world));
            let new = self.nodes.len();
            let known = *self.seen.entry(world.fingerprint()).or_insert(new as u32) as usize;
            if known == new {
                self.nodes.push(Node { parent: node as u32, action: index as u8 });
                guarded(&path, || rules::finish(&mut world));
            } else if (node + index) % COMPARED == 0 {
                let earlier = self.path(known);
                assert_eq!(
                    self.successors(&path),
                    self.successors(&earlier),
                    "not the same state: {path:?}, {earlier:?}"
                );
            }
        }
        count
    }

    /// The steps that lead to a state.
    fn path(&self, mut node: usize) -> Vec<Action> {
        let mut path = Vec::new();
        while node != 0 {
            let Node { parent, action } = self.nodes[node];
            path.push(ACTIONS[usize::from(action)]);
            node = parent as usize;
        }
        path.reverse();
        path
    }

    fn replay(&self, path: &[Action]) -> World {
        let mut world = World::new(self.scenario, self.cuts);
        guarded(path, || path.iter().for_each(|action| world.step(*action)));
        world
    }

    /// The possible actions in the state at the end of a path, and the resulting states.
    fn successors(&self, path: &[Action]) -> Vec<(Action, u64)> {
        let world = self.replay(path);
        let enabled = ACTIONS.into_iter().filter(|action| world.is_enabled(*action));
        enabled
            .map(|action| (action, self.replay(&[path, &[action]].concat()).fingerprint()))
            .collect()
    }
}

/// Prints the path if a check panics.
fn guarded(path: &[Action], run: impl FnOnce()) {
    if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(run)) {
        eprintln!("after {path:?}");
        panic::resume_unwind(panic);
    }
}
