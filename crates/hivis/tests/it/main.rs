//! The program as a user runs it: a process, its files, its ports.

mod backup;
mod callers;
mod chain;
mod config;
mod data;
mod dates;
mod demo;
mod deploy;
mod earnings;
mod exam;
mod faults;
mod gate;
mod kill;
mod made;
mod miner;
mod natix;
mod onchain;
mod promotion;
mod publish;
mod release;
mod sdk;
mod service;
mod train;
mod up;
mod wallet;
mod wallet_terminal;
