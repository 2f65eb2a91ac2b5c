//! The program as a user runs it: a process, its files, its ports.

mod config;
mod data;
mod demo;
mod exam;
mod faults;
mod kill;
mod made;
mod miner;
mod natix;
mod promotion;
mod publish;
mod release;
mod sdk;
mod train;
