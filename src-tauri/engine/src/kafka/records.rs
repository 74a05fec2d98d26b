//! Batches of messages, to and from the bytes that a broker keeps.

use super::Error;
use bytes::{Bytes, BytesMut};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::records::{
    Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use std::collections::{BTreeSet, VecDeque};

/// Bytes of a batch before its first record.
const HEAD: usize = 61;

/// Bytes that a record has besides key and value, at the most.
const RECORD_HEAD: usize = 32;

/// Who sends: by its number and the number of each message the broker knows what it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Producer {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

/// The bytes of a batch whose first message has this number in its partition.
///
/// # Errors
/// When it is longer than the protocol can say.
pub(crate) fn encode(
    producer: Producer,
    sequence: i32,
    time: i64,
    messages: impl Iterator<Item = (Bytes, Bytes)>,
) -> Result<Bytes, Error> {
    let records: Vec<Record> = (0..)
        .zip(messages)
        .map(|(n, (key, value))| Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: -1,
            producer_id: producer.id,
            producer_epoch: producer.epoch,
            timestamp_type: TimestampType::Creation,
            offset: i64::from(n),
            sequence: sequence.wrapping_add(n),
            timestamp: time,
            key: Some(key),
            value: Some(value),
            headers: IndexMap::new(),
        })
        .collect();
    let payload = |record: &Record| {
        let parts = [record.key.as_ref(), record.value.as_ref()];
        parts.into_iter().flatten().map(Bytes::len).sum::<usize>()
    };
    let length = records.iter().map(payload).sum::<usize>();
    let options = RecordEncodeOptions {
        version: 2,
        compression: Compression::None,
    };
    let mut bytes = BytesMut::with_capacity(length + HEAD + records.len() * RECORD_HEAD);
    RecordBatchEncoder::encode(&mut bytes, &records, &options).map_err(|_| Error::Malformed)?;
    Ok(bytes.freeze())
}

/// What came of one partition.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    /// Messages, without those of transactions that were given up.
    pub(crate) records: Vec<Record>,
    /// Where to read on.
    pub(crate) next: i64,
}

/// Bytes before a batch counts its length.
const PREFIX: usize = 12;

/// Reads what a broker sent for `from` on. The last batch may be cut short, and the first
/// may begin earlier.
///
/// # Errors
/// When it is malformed, or in a compression that is not known here.
pub(crate) fn decode(answer: &PartitionData, from: i64) -> Result<Piece, Error> {
    let mut piece = Piece {
        records: Vec::new(),
        next: from,
    };
    let mut bytes = answer.records.clone().unwrap_or_default();
    let mut given_up = GivenUp::of(answer);
    while let Some((length, last)) = head(&bytes) {
        let mut batch = bytes.split_to(length);
        let set = RecordBatchDecoder::decode(&mut batch)
            .map_err(|error| Error::Said(format!("a batch of messages cannot be read: {error}")))?;
        for record in set.records {
            if given_up.keeps(&record) && record.offset >= from {
                piece.records.push(record);
            }
        }
        piece.next = piece.next.max(last + 1);
    }
    Ok(piece)
}

/// Bytes of the first batch if it is there whole, and the offset of its last message.
fn head(bytes: &Bytes) -> Option<(usize, i64)> {
    let number = |at: usize| {
        bytes
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(i32::from_be_bytes)
    };
    let base = i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
    let length = PREFIX + usize::try_from(number(8)?).ok()?;
    // After the length: epoch, form, check sum and attributes.
    let last = base + i64::from(number(23)?);
    (bytes.len() >= length).then_some((length, last))
}

/// Transactions whose messages nobody is to see.
struct GivenUp {
    /// Producer and first offset, by offset.
    ahead: VecDeque<(i64, i64)>,
    now: BTreeSet<i64>,
}

impl GivenUp {
    fn of(answer: &PartitionData) -> Self {
        let told = answer.aborted_transactions.iter().flatten();
        let mut ahead: Vec<(i64, i64)> = told
            .map(|one| (one.first_offset, one.producer_id.0))
            .collect();
        ahead.sort_unstable();
        Self {
            ahead: ahead.into(),
            now: BTreeSet::new(),
        }
    }

    fn keeps(&mut self, record: &Record) -> bool {
        while let Some((_, producer)) = self
            .ahead
            .pop_front_if(|(first, _)| *first <= record.offset)
        {
            self.now.insert(producer);
        }
        if record.control {
            // The end of its transaction, of one kind or the other.
            self.now.remove(&record.producer_id);
            return false;
        }
        !(record.transactional && self.now.contains(&record.producer_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::ProducerId;
    use kafka_protocol::messages::fetch_response::AbortedTransaction;

    const PRODUCER: Producer = Producer { id: 7, epoch: 0 };

    fn batch(count: usize) -> Bytes {
        let messages = (0..count).map(|n| {
            let text = Bytes::from(format!("m{n}"));
            (text.clone(), text)
        });
        encode(PRODUCER, 40, 1_000, messages).expect("a batch")
    }

    fn answer(bytes: &[u8]) -> PartitionData {
        let mut answer = PartitionData::default();
        answer.records = Some(Bytes::copy_from_slice(bytes));
        answer
    }

    #[test]
    fn a_batch_comes_back_as_it_was_sent() {
        let piece = decode(&answer(&batch(3)), 0).expect("its messages");
        let values: Vec<_> = piece
            .records
            .iter()
            .filter_map(|r| r.value.clone())
            .collect();
        assert_eq!(
            (piece.next, values),
            (3, vec!["m0".into(), "m1".into(), "m2".into()])
        );
        let first = &piece.records[0];
        assert_eq!(
            (first.sequence, first.producer_id, first.timestamp),
            (40, 7, 1_000)
        );
    }

    #[test]
    fn what_was_read_and_what_is_cut_short_are_left_out() {
        let mut bytes = batch(3).to_vec();
        let whole = bytes.len();
        bytes.extend_from_slice(&batch(2));
        bytes.truncate(whole + 30);
        let piece = decode(&answer(&bytes), 2).expect("its messages");
        assert_eq!((piece.records.len(), piece.next), (1, 3));
        let nothing = decode(&answer(&bytes[..20]), 2).expect("nothing");
        assert_eq!((nothing.records.len(), nothing.next), (0, 2));
    }

    #[test]
    fn a_transaction_that_was_given_up_is_not_seen() {
        let mut aborted = AbortedTransaction::default();
        (aborted.producer_id, aborted.first_offset) = (ProducerId(7), 1);
        let mut told = PartitionData::default();
        told.aborted_transactions = Some(vec![aborted]);
        let mut given_up = GivenUp::of(&told);
        let piece = decode(&answer(&batch(5)), 0).expect("its messages");
        let kept = piece.records.into_iter().map(|mut record| {
            record.transactional = true;
            record.control = record.offset == 3;
            given_up.keeps(&record)
        });
        assert_eq!(kept.collect::<Vec<_>>(), [true, false, false, false, true]);
    }
}
