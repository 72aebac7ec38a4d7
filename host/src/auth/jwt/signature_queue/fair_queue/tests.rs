//! The laws of the queue, for whatever comes in whichever order.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A connection of an address.
pub(crate) fn line(address: u8, connection: u16) -> Line {
    let address = IpAddr::from([192, 0, 2, address]);
    Line {
        address,
        peer: (address, connection).into(),
    }
}

/// What is done to a queue: something comes on a line, one is taken, or one gives up: any of those that
/// came.
#[derive(Clone, Copy, Debug)]
enum Act {
    Push(Line),
    Pop,
    Remove(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let lines = (0..3_u8, 0..3_u16).prop_map(|(address, connection)| line(address, connection));
    let act = prop_oneof![
        4 => lines.prop_map(Act::Push),
        1 => Just(Act::Pop),
        1 => (0..200_usize).prop_map(Act::Remove),
    ];
    vec(act, 0..200)
}

/// The lines there are, each with what waits in it, first to last.
type Model = Vec<(Line, Vec<usize>)>;

fn longest(model: &Model) -> usize {
    model.iter().map(|(_, line)| line.len()).max().unwrap_or(0)
}

/// Takes an item out of the model, and says from where and at which place.
fn take(model: &mut Model, item: usize) -> Option<(Line, usize, usize)> {
    for (line, items) in model {
        if let Some(at) = items.iter().position(|other| *other == item) {
            items.remove(at);
            return Some((*line, at, items.len()));
        }
    }
    None
}

proptest! {
    #[test]
    fn nothing_is_lost_and_each_line_keeps_its_order(acts in acts(), most in 1..20_usize) {
        let mut queue = FairQueue::new(most);
        let mut model = Model::new();
        for (item, act) in acts.into_iter().enumerate() {
            match act {
                Act::Push(line) => {
                    let before = longest(&model);
                    let is_full = queue.len() == most;
                    let made_way = queue.push(line, item);
                    match model.iter_mut().find(|(other, _)| *other == line) {
                        Some((_, items)) => items.push(item),
                        None => model.push((line, vec![item])),
                    }
                    prop_assert_eq!(made_way.is_some(), is_full);
                    if let Some(gone) = made_way {
                        let (from, at, left) = take(&mut model, gone).unwrap();
                        prop_assert_eq!(at, left, "the newest of its line");
                        prop_assert!(left + 1 >= before, "a longest line");
                        prop_assert!(from == line || left > 0, "nobody loses the only place");
                    }
                }
                Act::Pop => match queue.pop() {
                    None => prop_assert_eq!(longest(&model), 0),
                    Some(item) => {
                        let (_, at, _) = take(&mut model, item).unwrap();
                        prop_assert_eq!(at, 0, "the oldest of its line");
                    }
                },
                Act::Remove(gone) => {
                    let known = model.iter().find(|(_, items)| items.contains(&gone));
                    let known = known.map(|(line, _)| *line);
                    let line = known.unwrap_or(line(0, 0));
                    let removed = queue.remove(line, |item| *item == gone);
                    prop_assert_eq!(removed, known.map(|_| gone));
                    take(&mut model, gone);
                }
            }
            let waiting: usize = model.iter().map(|(_, items)| items.len()).sum();
            prop_assert_eq!(queue.len(), waiting);
            prop_assert!(queue.len() <= most);
        }
        while let Some(item) = queue.pop() {
            prop_assert!(take(&mut model, item).is_some());
        }
        prop_assert_eq!(longest(&model), 0);
        prop_assert!(queue.addresses.is_empty() && queue.turns.is_empty());
        prop_assert!(queue.crowds.is_empty(), "what is empty takes no memory");
    }

    #[test]
    fn whoever_is_alone_waits_for_one_of_each_connection_at_most(
        crowd in vec((0..4_u8, 0..4_u16), 0..60),
    ) {
        let (mut queue, honest) = (FairQueue::new(1_000), line(0, 9));
        let connections: HashSet<_> = crowd.iter().collect();
        let addresses: HashSet<_> = crowd.iter().map(|(address, _)| address).collect();
        let beside = connections.iter().filter(|(address, _)| *address == 0).count();
        for (address, connection) in &crowd {
            queue.push(line(*address, *connection), "forged");
        }
        queue.push(honest, "honest");
        let mut before = 0;
        loop {
            match queue.pop() {
                Some("honest") => break,
                Some(_) => before += 1,
                None => panic!("it is lost"),
            }
            // The crowd is made good for at once.
            for (address, connection) in &crowd {
                queue.push(line(*address, *connection), "forged");
            }
        }
        prop_assert!(before <= (beside + 1) * addresses.len().max(1), "{before}");
    }
}

#[test]
fn with_room_for_each_connection_the_first_on_one_always_finds_a_place() {
    let mut queue = FairQueue::new(50);
    for n in 0..10_000 {
        queue.push(line(0, n % 10), "forged");
    }
    for connection in 10..50 {
        let made_way = queue.push(line(1, connection), "honest");
        assert_eq!(made_way, Some("forged"), "{connection}");
    }
    let taken: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
    assert_eq!(taken.iter().filter(|item| **item == "honest").count(), 40);
}

#[test]
fn addresses_take_turns_whatever_each_has_waiting() {
    let mut queue = FairQueue::new(1_000);
    for connection in 0..100 {
        queue.push(line(0, connection), 0);
    }
    queue.push(line(1, 1), 1);
    queue.push(line(2, 1), 2);
    let taken: Vec<_> = (0..5).filter_map(|_| queue.pop()).collect();
    assert_eq!(taken, [0, 1, 2, 0, 0]);
}
