//! The program as a user runs it: a process, its files, its ports.

mod chain;
mod config;
mod data;
mod demo;
mod exam;
mod faults;
mod kill;
mod made;
mod miner;
mod onchain;
mod promotion;
mod release;
mod sdk;
mod train;
mod wallet;
mod wallet_terminal;
