//! Version-1 uuids that tell nothing of the machine.

use uuid::{Timestamp, Uuid};

/// A version-1 uuid of `now_ns` (Unix time in nanoseconds) whose node and clock sequence are random bytes, where the SDK
/// puts the sender's MAC address.
pub(crate) fn uuid1(now_ns: u64) -> Uuid {
    let random = Uuid::new_v4().into_bytes();
    let mut node = [0; 6];
    node.copy_from_slice(&random[..6]);
    // RFC 9562: the multicast bit marks a node that is no address of a card.
    node[0] |= 1;
    let sequence = u16::from_le_bytes([random[10], random[11]]);
    let time =
        Timestamp::from_unix_time(now_ns / 1_000_000_000, (now_ns % 1_000_000_000) as u32, u128::from(sequence), 14);
    Uuid::new_v1(time, &node)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_has_the_shape_and_no_address() {
        let [a, b] = [0, 1].map(|_| super::uuid1(1_795_427_316_327_590_489));
        assert_eq!(a.get_version_num(), 1);
        assert_eq!(a.as_bytes()[10] & 1, 1, "the multicast bit marks a random node");
        assert_ne!(a.as_bytes()[10..], b.as_bytes()[10..]);
        // Time, low part first: the fixtures' captures were made in the same second and start with the same digits.
        assert!(a.to_string().contains("-e723-11f1-"), "{a}");
    }
}
