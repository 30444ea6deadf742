/// Values under keys in bounded memory: two generations, of which the older one is forgotten when
/// the younger one is full. What is read moves to the younger one, so what is used stays.
struct GenerationalStore<Value> {
  struct Entry {
    let value: Value
    let bytes: Int
    let expiresAtMicroseconds: Int64
  }

  private struct Generation {
    var entries: [String: Entry] = [:]
    var bytes = 0

    mutating func remove(_ key: String) -> Entry? {
      guard let entry = entries.removeValue(forKey: key) else { return nil }
      bytes -= entry.bytes
      return entry
    }
  }

  private var young = Generation()
  private var old = Generation()
  private let generationBytes: Int
  private let generationEntries: Int

  /// What an entry takes beside its key and value, roughly.
  static var overheadBytes: Int { 96 }

  init(byteLimit: Int, entryLimit: Int) {
    generationBytes = max(1, byteLimit / 2)
    generationEntries = max(1, entryLimit / 2)
  }

  var count: Int { young.entries.count + old.entries.count }
  var bytes: Int { young.bytes + old.bytes }

  mutating func get(_ key: String, nowMicroseconds now: Int64) -> Value? {
    if let entry = young.entries[key] {
      if entry.expiresAtMicroseconds > now { return entry.value }
      _ = young.remove(key)
      return nil
    }
    guard let entry = old.remove(key), entry.expiresAtMicroseconds > now else { return nil }
    insert(entry, key)
    return entry.value
  }

  /// False, and nothing stands there, where the value is too large to be kept.
  mutating func put(
    _ key: String, _ value: Value, bytes: Int, expiresAtMicroseconds: Int64
  ) -> Bool {
    remove(key)
    let bytes = bytes + key.utf8.count + Self.overheadBytes
    guard bytes <= generationBytes else { return false }
    insert(
      Entry(value: value, bytes: bytes, expiresAtMicroseconds: expiresAtMicroseconds), key)
    return true
  }

  mutating func remove(_ key: String) {
    _ = young.remove(key)
    _ = old.remove(key)
  }

  private mutating func insert(_ entry: Entry, _ key: String) {
    if young.bytes + entry.bytes > generationBytes || young.entries.count >= generationEntries {
      old = young
      young = Generation()
    }
    young.entries[key] = entry
    young.bytes += entry.bytes
  }
}
