//! The gate by itself: every exchange here is played without a socket.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy spares test functions, not the functions they share"
)]

mod cuts;
mod door;
mod fixture;
mod gt_routes;
mod hand_over;
mod heads;
mod limits;
mod lists;
mod order;
mod plans;
mod refusals;
mod sizes;
mod swaps;
mod tokens;
mod usage;
