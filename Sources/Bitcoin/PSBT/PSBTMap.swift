internal import Bytes

/// One of a partially signed transaction's maps, in the order in which it was written: what isn't
/// understood is kept as it is.
///
///     {key length} {key type} {key data} {value length} {value} … 00
package struct PSBTMap: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    /// The type, a CompactSize, and what belongs to it. Never empty.
    package let key: [UInt8]
    package let value: [UInt8]
  }

  /// Which map.
  package enum Location: Hashable, Sendable {
    case global
    case input(Int)
    case output(Int)
  }

  package private(set) var entries: [Entry] = []

  init() {}

  /// The next map, up to and with its final zero byte.
  ///
  /// - Parameter room: how many entries may yet be read
  init(
    reading reader: inout WireReader, at location: Location, room: inout Int
  ) throws(PSBTError) {
    var seen: Set<[UInt8]> = []
    do {
      while true {
        let key = [UInt8](copying: try reader.readSizedBytes())
        guard !key.isEmpty else { return }
        guard room > 0 else { throw PSBTError.tooManyEntries(PSBT.maximumEntries) }
        guard entries.count < PSBT.maximumEntriesOfMap else {
          throw PSBTError.tooManyEntries(PSBT.maximumEntriesOfMap)
        }
        room -= 1
        guard seen.insert(key).inserted else {
          throw PSBTError.duplicateKey(location, key: Self.shown(key))
        }
        entries.append(Entry(key: key, value: [UInt8](copying: try reader.readSizedBytes())))
      }
    } catch let error as BitcoinDecodingError {
      throw .malformed(error)
    } catch let error as PSBTError {
      throw error
    } catch {
      throw .wrongMagic
    }
  }

  /// The first bytes of a key, for an error.
  static func shown(_ key: [UInt8]) -> String { Hex.encode(key.prefix(80)) }

  func append(to bytes: inout [UInt8]) {
    for entry in entries {
      bytes.append(sized: entry.key)
      bytes.append(sized: entry.value)
    }
    bytes.append(0)
  }

  /// The value of a key; nil where there is none.
  package subscript(key: [UInt8]) -> [UInt8]? { entries.first { $0.key == key }?.value }

  /// The entries of a type of one byte that have more than it in their key, without it.
  func entries(ofType type: UInt8) -> [(keyData: ArraySlice<UInt8>, value: [UInt8])] {
    entries.filter { $0.key.first == type }.map { ($0.key.dropFirst(), $0.value) }
  }

  /// Gives a key its value. A new key comes before the first greater one, so that a map in order
  /// stays in order.
  mutating func set(_ key: [UInt8], to value: [UInt8]) {
    let entry = Entry(key: key, value: value)
    if let place = entries.firstIndex(where: { $0.key == key }) {
      entries[place] = entry
    } else {
      let place = entries.firstIndex { key.lexicographicallyPrecedes($0.key) }
      entries.insert(entry, at: place ?? entries.endIndex)
    }
  }

  mutating func removeAll(where isRemoved: (Entry) -> Bool) {
    entries.removeAll(where: isRemoved)
  }

  /// Takes over the keys that only `other` has.
  ///
  /// - Parameter appended: a type whose entries come behind those that are there, as BIP-0174's
  ///   combiner has signatures
  mutating func formUnion(_ other: PSBTMap, appending appended: UInt8? = nil) {
    let known = Set(entries.map(\.key))
    for entry in other.entries where !known.contains(entry.key) {
      if entry.key.first == appended,
        let last = entries.lastIndex(where: { $0.key.first == appended })
      {
        entries.insert(entry, at: last + 1)
      } else {
        set(entry.key, to: entry.value)
      }
    }
  }
}
