-- Version 5: on what a run ran, and whether it came from elsewhere.

-- A JSON object; runs before this version have none.
ALTER TABLE runs ADD COLUMN host TEXT;
-- When it was read from a file.
ALTER TABLE runs ADD COLUMN imported INTEGER;
