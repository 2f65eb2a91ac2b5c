//! A nearest-neighbour head's file.

use hivis_onnx::{Calibration, Dense, Head, HeadForm, Nearest, OnnxError, Pooling};

fn nearest() -> Nearest {
    Nearest {
        pooling: Pooling::Last(2),
        bank: (0..30).map(|i| (f64::from(i) * 0.7).sin() as f32).collect(),
        labels: vec![true, false, false, true, false],
        k: 3,
        temperature: 0.07,
        calibration: Calibration { a: 1.0 / 3.0, b: -7.654_321e-5 },
    }
}

#[test]
fn a_bank_comes_back_bit_for_bit() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("head.safetensors");
    let head = nearest();
    head.write(&path).unwrap();
    assert_eq!(Nearest::read(&path).unwrap(), head);
    assert_eq!(HeadForm::read(&path).unwrap(), HeadForm::Nearest(head));
    // And a network is found to be one.
    let layer = Dense { weight: vec![0.5; 3], bias: vec![0.0], inputs: 3, outputs: 1 };
    let head = Head { pooling: Pooling::Cls, layers: vec![layer], calibration: Calibration::default() };
    HeadForm::Dense(head.clone()).write(&path).unwrap();
    assert_eq!(HeadForm::read(&path).unwrap(), HeadForm::Dense(head));
    assert!(Nearest::read(&path).unwrap_err().to_string().contains("no head: `form`"));
    let error = Head::from_bytes(nearest().to_bytes().unwrap()).unwrap_err().to_string();
    assert!(error.contains("of the form `nearest`"), "{error}");
}

/// Makes a good bank bad.
type Change = dyn Fn(&mut Nearest);

#[test]
fn banks_that_cannot_vote_are_refused() {
    let cases: [(&str, &Change); 14] = [
        ("its bank has 0 rows", &|h| (h.bank, h.labels) = (vec![], vec![])),
        ("29 numbers for 5 labels", &|h| h.bank.truncate(29)),
        ("0 numbers for 5 labels", &|h| h.bank.clear()),
        ("its bank has 50001 rows; 1 to 50000 are read", &|h| {
            (h.bank, h.labels) = (vec![1.0; 50_001], (0..50_001).map(|i| i == 7).collect());
        }),
        ("row 2 of its bank holds a number that is not finite", &|h| h.bank[13] = f32::NAN),
        ("row 0 of its bank holds a number that is not finite", &|h| h.bank[5] = f32::NEG_INFINITY),
        ("row 4 of its bank is zero", &|h| h.bank[24..].fill(0.0)),
        ("0 of its 5 rows are roadwork", &|h| h.labels.fill(false)),
        ("5 of its 5 rows are roadwork", &|h| h.labels.fill(true)),
        ("its k is 0", &|h| h.k = 0),
        ("its k is 6, the bank has 5 rows", &|h| h.k = 6),
        ("its temperature is NaN", &|h| h.temperature = f32::NAN),
        ("its temperature is 0", &|h| h.temperature = 0.0),
        ("calibration is a = NaN", &|h| h.calibration.a = f32::NAN),
    ];
    for (wanted, change) in cases {
        let mut head = nearest();
        change(&mut head);
        let error = head.to_bytes().unwrap_err().to_string();
        assert!(error.contains(wanted) && !error.contains('\n'), "{error}");
    }
    // The largest floats have a direction, and so have the smallest normal ones.
    for size in [f32::MAX, 1e-6] {
        let mut head = nearest();
        head.bank.fill(size);
        head.to_bytes().unwrap();
    }
}

#[test]
fn other_files_are_no_banks() {
    let bytes = nearest().to_bytes().unwrap();
    let swap = |from: &[u8], to: &[u8]| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        Nearest::from_bytes(bytes).unwrap_err()
    };
    assert!(matches!(swap(b"\"nearest\"", b"\"farthest"), OnnxError::Weights { .. }));
    assert!(swap(b"\"nearest\"", b"\"voronoi\"").to_string().contains("no head: `form`"));
    assert!(swap(b"\"last-2\"", b"\"last-0\"").to_string().contains("no head: `pooling`"));
    assert!(swap(b"\"k\":\"3\"", b"\"k\":\"x\"").to_string().contains("no head: `k`"));
    assert!(swap(b"\"k\":\"3\"", b"\"k\":\"9\"").to_string().contains("its k is 9"));
    assert!(swap(b"\"bank\"", b"\"bunk\"").to_string().contains("tensor `bank`: is missing"));
    // Labels are 0 and 1: the first is 1.
    let labels: Vec<u8> = [1f32, 0.0, 0.0, 1.0, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let odd: Vec<u8> = [0.5f32, 0.0, 0.0, 1.0, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(swap(&labels, &odd).to_string().contains("tensor `labels`: holds 0.5; 0 and 1 are read"));
    for end in [0, 8, 100, bytes.len() - 1] {
        assert!(Nearest::from_bytes(bytes[..end].to_vec()).is_err(), "{end} bytes");
    }
}
