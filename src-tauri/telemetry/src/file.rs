//! The telemetry file of one run: a SQLite database with blocks of records.
//!
//! A block is one row: what is known of it in columns, its head and its text as
//! compressed blobs. What a service has written since its last full block lies in *parts*,
//! small blocks that the full one replaces; after a crash they are read as what they are.
//! Positions say how far each source was taken, in the same transaction as the records:
//! whoever goes on from there has no gap and nothing twice.

use crate::block::codec::MOST_HEAD;
use crate::block::tokens::{LINE, Word};
use crate::block::{Block, MOST_TEXT, Summary};
use rusqlite::{Connection, OpenFlags, Row, Transaction, params};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use zstd::bulk::Decompressor;

/// zstd's level: 240 MB/s on one core, and five times smaller than the text.
const COMPRESSION: i32 = 1;

/// Connections that are kept for the next search.
const SPARE_READERS: usize = 4;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS services (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS blocks (
        id INTEGER PRIMARY KEY,
        service INTEGER NOT NULL,
        part_of INTEGER,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        count INTEGER NOT NULL,
        earliest INTEGER NOT NULL,
        latest INTEGER NOT NULL,
        levels TEXT NOT NULL,
        streams INTEGER NOT NULL,
        text_bytes INTEGER NOT NULL,
        head BLOB NOT NULL,
        text BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS parts ON blocks (part_of) WHERE part_of IS NOT NULL;
    CREATE TABLE IF NOT EXISTS filters (block INTEGER PRIMARY KEY, bits BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS positions (
        service TEXT NOT NULL, generation INTEGER NOT NULL, position TEXT NOT NULL,
        PRIMARY KEY (service, generation)) WITHOUT ROWID;";

/// The file of one run, for readers.
#[derive(Debug)]
pub(crate) struct RunFile {
    pub(crate) path: PathBuf,
    readers: Mutex<Vec<Connection>>,
}

/// The file of one run, for its one writer.
pub(crate) struct RunWriter {
    connection: Connection,
    compressor: zstd::bulk::Compressor<'static>,
}

/// A block as the table has it.
pub(crate) struct StoredBlock {
    pub(crate) id: i64,
    pub(crate) service: String,
    pub(crate) summary: Summary,
    /// Whether there is a filter of its words.
    pub(crate) filtered: bool,
    /// Number of the first record of the full block that it is a part of.
    pub(crate) part_of: Option<i64>,
}

impl RunWriter {
    /// Opens the file, makes it where there is none, and puts a damaged one aside:
    /// the second answer says so.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<(Self, Option<String>)> {
        match Self::try_open(path) {
            Err(error) if is_damage(&error) => {
                let aside = set_aside(path);
                let said = format!(
                    "the log file {} is damaged ({error}); it was set aside as {}",
                    path.display(),
                    aside.display()
                );
                Ok((Self::try_open(path)?, Some(said)))
            }
            opened => Ok((opened?, None)),
        }
    }

    fn try_open(path: &Path) -> rusqlite::Result<Self> {
        let connection = connect_writer(path)?;
        connection.execute_batch(SCHEMA)?;
        connection.query_row("SELECT count(*) FROM services", [], |_| Ok(()))?;
        connection.query_row("SELECT max(id) FROM blocks", [], |_| Ok(()))?;
        let compressor = zstd::bulk::Compressor::new(COMPRESSION)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(Self {
            connection,
            compressor,
        })
    }

    /// The connection, for tables beside those of the log.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Everything of one commit, or nothing.
    pub(crate) fn commit<T>(
        &mut self,
        write: impl FnOnce(&mut Batch<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let transaction = self.connection.transaction()?;
        let mut batch = Batch {
            transaction,
            compressor: &mut self.compressor,
        };
        let answer = write(&mut batch)?;
        batch.transaction.commit()?;
        Ok(answer)
    }

    pub(crate) fn positions(&self) -> rusqlite::Result<Vec<(String, u64, String)>> {
        self.connection
            .prepare("SELECT service, generation, position FROM positions")?
            .query_map([], |row| {
                Ok((
                    row.get(0)?,
                    row.get::<_, i64>(1)?.cast_unsigned(),
                    row.get(2)?,
                ))
            })?
            .collect()
    }
}

/// What is written in one transaction.
pub(crate) struct Batch<'a> {
    transaction: Transaction<'a>,
    compressor: &'a mut zstd::bulk::Compressor<'static>,
}

impl Batch<'_> {
    /// A full block; its parts go.
    pub(crate) fn block(&mut self, service: &str, block: &Block) -> rusqlite::Result<i64> {
        let key = block.summary.first.cast_signed();
        self.transaction
            .prepare_cached("DELETE FROM blocks WHERE part_of = ?1")?
            .execute([key])?;
        self.insert(service, block, None)
    }

    /// What was added to the block that began with this number.
    pub(crate) fn part(&mut self, service: &str, part: &Block, of: u64) -> rusqlite::Result<i64> {
        self.insert(service, part, Some(of.cast_signed()))
    }

    /// Takes the parts of a block away, to be written as one.
    pub(crate) fn forget_parts(&mut self, of: u64) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("DELETE FROM blocks WHERE part_of = ?1")?
            .execute([of.cast_signed()])?;
        Ok(())
    }

    fn insert(
        &mut self,
        service: &str,
        block: &Block,
        part_of: Option<i64>,
    ) -> rusqlite::Result<i64> {
        let compress = |compressor: &mut zstd::bulk::Compressor<'_>, bytes: &[u8]| {
            compressor
                .compress(bytes)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
        };
        let head = compress(self.compressor, &block.head())?;
        let text = compress(self.compressor, block.text().as_bytes())?;
        let summary = &block.summary;
        let levels = summary.levels.map(|count| count.to_string()).join(",");
        self.transaction
            .prepare_cached("INSERT OR IGNORE INTO services (name) VALUES (?1)")?
            .execute([service])?;
        self.transaction
            .prepare_cached(
                "INSERT INTO blocks (service, part_of, first, last, count, earliest, latest, \
                   levels, streams, text_bytes, head, text) \
                 SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM services \
                 WHERE name = ?1",
            )?
            .execute(params![
                service,
                part_of,
                summary.first.cast_signed(),
                summary.last.cast_signed(),
                summary.count,
                summary.earliest,
                summary.latest,
                levels,
                summary.streams,
                summary.text_bytes,
                head,
                text,
            ])?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// How far a source was taken.
    pub(crate) fn position(
        &mut self,
        service: &str,
        generation: u64,
        position: &str,
    ) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("INSERT OR REPLACE INTO positions VALUES (?1, ?2, ?3)")?
            .execute(params![service, generation.cast_signed(), position])?;
        Ok(())
    }

    /// The filter of a block's words.
    pub(crate) fn filter(&mut self, block: i64, bits: &[u8]) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("INSERT OR REPLACE INTO filters VALUES (?1, ?2)")?
            .execute(params![block, bits])?;
        Ok(())
    }

    /// Takes a block away for good.
    pub(crate) fn delete(&mut self, block: i64) -> rusqlite::Result<()> {
        for sql in [
            "DELETE FROM blocks WHERE id = ?1",
            "DELETE FROM filters WHERE block = ?1",
        ] {
            self.transaction.prepare_cached(sql)?.execute([block])?;
        }
        Ok(())
    }
}

impl RunFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            readers: Mutex::default(),
        }
    }

    /// All blocks, oldest first.
    pub(crate) fn blocks(&self) -> rusqlite::Result<Vec<StoredBlock>> {
        self.read(|connection| {
            let sql = "SELECT b.id, s.name, first, last, count, earliest, latest, levels, \
                         streams, text_bytes, part_of, f.block IS NOT NULL \
                       FROM blocks b JOIN services s ON s.id = b.service \
                       LEFT JOIN filters f ON f.block = b.id ORDER BY last";
            connection.prepare(sql)?.query_map([], stored)?.collect()
        })
    }

    /// The number of the newest record.
    pub(crate) fn newest(&self) -> rusqlite::Result<u64> {
        self.read(|connection| {
            connection.query_row("SELECT coalesce(max(last), 0) FROM blocks", [], |row| {
                Ok(row.get::<_, i64>(0)?.cast_unsigned())
            })
        })
    }

    /// Does something with a connection that reads.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let spare = self.spare().pop();
        let connection = match spare {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let answer = read(&connection);
        let mut spare = self.spare();
        if spare.len() < SPARE_READERS {
            spare.push(connection);
        }
        answer
    }

    /// Bytes that are in use. The file itself never shrinks: what was deleted leaves room
    /// in it that is written to first.
    pub(crate) fn used(&self) -> u64 {
        let number = |connection: &Connection, name: &str| {
            connection
                .pragma_query_value(None, name, |row| row.get::<_, u32>(0))
                .map(u64::from)
        };
        let used = self.read(|connection| {
            let pages = number(connection, "page_count")?;
            let free = number(connection, "freelist_count")?;
            Ok(pages.saturating_sub(free) * number(connection, "page_size")?)
        });
        used.unwrap_or_else(|_| size(&self.path))
    }

    /// Lets go of all connections, for the file is to be removed.
    pub(crate) fn close(&self) {
        self.spare().clear();
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -256)?;
        Ok(connection)
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A block, read again; `None` where it is not there any more or damaged.
pub(crate) fn read_block(connection: &Connection, id: i64, text_bytes: usize) -> Option<Block> {
    read_block_if(connection, id, text_bytes, |_| true)
}

/// A block whose text is wanted. The head, which is half of the work, stays packed where
/// the text is not.
pub(crate) fn read_block_if(
    connection: &Connection,
    id: i64,
    text_bytes: usize,
    wanted: impl FnOnce(&str) -> bool,
) -> Option<Block> {
    let read = || -> rusqlite::Result<Option<Read>> {
        let mut statement =
            connection.prepare_cached("SELECT text, head FROM blocks WHERE id = ?1")?;
        let mut rows = statement.query([id])?;
        match rows.next()? {
            Some(row) => unpack(row, text_bytes, wanted).map(Some),
            None => Ok(None),
        }
    };
    match read().ok()?? {
        Read::Wanted(block) => Some(block),
        Read::Unwanted => None,
        Read::Damaged => {
            tracing::warn!(block = id, "a block of the log is damaged and left out");
            None
        }
    }
}

/// What came of a row.
enum Read {
    Wanted(Block),
    Unwanted,
    Damaged,
}

fn unpack(
    row: &Row<'_>,
    text_bytes: usize,
    wanted: impl FnOnce(&str) -> bool,
) -> rusqlite::Result<Read> {
    let text = decompress(row.get_ref(0)?.as_blob()?, text_bytes.max(MOST_TEXT));
    let Some(text) = text.and_then(|text| String::from_utf8(text).ok()) else {
        return Ok(Read::Damaged);
    };
    if !wanted(&text) {
        return Ok(Read::Unwanted);
    }
    let block = decompress(row.get_ref(1)?.as_blob()?, MOST_HEAD)
        .and_then(|head| Block::from_parts(&head, text));
    Ok(block.map_or(Read::Damaged, Read::Wanted))
}

/// At most so many bytes, unpacked; `None` where they are damaged or more.
fn decompress(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    thread_local! {
        /// Making one costs as much as unpacking a small block.
        static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    UNPACKER.with_borrow_mut(|unpacker| {
        if unpacker.is_none() {
            *unpacker = Decompressor::new().ok();
        }
        unpacker.as_mut()?.decompress(bytes, most).ok()
    })
}

/// Whether the block may have all these words.
pub(crate) fn may_have(connection: &Connection, id: i64, words: &[Word]) -> bool {
    let look = || -> rusqlite::Result<bool> {
        let filter = connection.blob_open("main", "filters", "bits", id, true)?;
        let mut line = [0; LINE];
        for word in words {
            filter.read_at_exact(&mut line, word.place(filter.len()))?;
            if !word.may_be_in(&line) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    // Without a filter everything may be there.
    look().unwrap_or(true)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredBlock> {
    let mut levels = [0; 6];
    let written: String = row.get(7)?;
    for (level, count) in levels.iter_mut().zip(written.split(',')) {
        *level = count.parse().unwrap_or(0);
    }
    Ok(StoredBlock {
        id: row.get(0)?,
        service: row.get(1)?,
        summary: Summary {
            first: row.get::<_, i64>(2)?.cast_unsigned(),
            last: row.get::<_, i64>(3)?.cast_unsigned(),
            count: row.get(4)?,
            earliest: row.get(5)?,
            latest: row.get(6)?,
            levels,
            streams: row.get(8)?,
            text_bytes: row.get(9)?,
        },
        part_of: row.get(10)?,
        filtered: row.get(11)?,
    })
}

/// A connection that writes; there is one for each kind of telemetry, and they take turns.
pub(crate) fn connect_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // A page holds a filter's line or several parts; blobs take few pages.
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.pragma_update(None, "wal_autocheckpoint", 2000)?;
    connection.pragma_update(None, "journal_size_limit", 32 << 20)?;
    Ok(connection)
}

/// Whether the file is to blame, and not the disk or somebody else.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseCorrupt | NotADatabase)
    )
}

/// Renames the file and what belongs to it.
fn set_aside(path: &Path) -> PathBuf {
    let mut number = 0;
    let aside = loop {
        number += 1;
        let name = with_suffix(path, &format!(".damaged-{number}"));
        if !name.exists() {
            break name;
        }
    };
    for suffix in ["-wal", "-shm", ""] {
        // What cannot be renamed is not there, or opening it again will say why.
        _ = std::fs::rename(with_suffix(path, suffix), with_suffix(&aside, suffix));
    }
    aside
}

/// Removes the file and what belongs to it.
pub(crate) fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        // What is not there need not go; what cannot go is tried again next time.
        _ = std::fs::remove_file(with_suffix(path, suffix));
    }
}

/// Bytes of the file and of what belongs to it.
pub(crate) fn size(path: &Path) -> u64 {
    ["", "-wal"]
        .iter()
        .filter_map(|suffix| std::fs::metadata(with_suffix(path, suffix)).ok())
        .map(|file| file.len())
        .sum()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
