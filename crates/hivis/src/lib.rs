//! One program that runs a StreetVision miner.
