internal import Bytes
internal import ChainTypes
package import JSON

extension SigningRecord {
  package static let format = "paywatch.signing-record"
  package static let maximumFileBytes = 64 << 20

  package enum ReadingError: Error, Hashable, Sendable {
    /// The file was damaged or is another's.
    case notARecord
  }

  package var json: JSONValue {
    [
      "format": .string(Self.format), "version": 1,
      "entries": .array(
        entries.map { entry in
          [
            "day": .string(entry.day.text), "chain": .string(entry.chain.text),
            "anchor": .string(entry.anchor), "slots": .array(entry.slots.map { .string($0) }),
            "refunds": .array(entry.refunds.map(\.json)),
            "increases": .object(
              entry.increases.sorted { $0.key < $1.key }.map {
                .init($0.key, .string($0.value.decimal))
              }),
          ]
        }),
    ]
  }

  /// From a file that `json` wrote. Anything else is refused whole: a total that can't be read must
  /// not count as nothing.
  package init(parsing bytes: [UInt8]) throws(ReadingError) {
    guard bytes.count <= Self.maximumFileBytes, let root = try? JSONValue(parsing: bytes),
      root["format"]?.string == Self.format, root["version"] == 1,
      let elements = root["entries"]?.elements, elements.count <= Self.maximumEntries
    else { throw .notARecord }
    let entries = elements.compactMap(Entry.init)
    guard entries.count == elements.count else { throw .notARecord }
    self.init()
    self.entries = entries
  }
}

extension SigningRecord.Entry {
  fileprivate init?(_ json: JSONValue) {
    guard let dayText = json["day"]?.string,
      let time = Timestamp(rfc3339: dayText + "T00:00:00Z"),
      let chain = json["chain"]?.string.flatMap({ ChainName($0) }),
      let anchor = json["anchor"]?.string, let slots = json["slots"]?.strings,
      let elements = json["refunds"]?.elements, case .object(let members)? = json["increases"]
    else { return nil }
    let refunds = elements.compactMap(SigningRecord.Refund.init)
    guard refunds.count == elements.count else { return nil }
    var increases: [String: UInt256] = [:]
    for member in members {
      guard let text = member.value.string, let amount = try? UInt256(decimal: text) else {
        return nil
      }
      increases[member.name] = amount
    }
    self.init(
      day: SigningRecord.Day(time), chain: chain, anchor: anchor, slots: slots, refunds: refunds,
      increases: increases)
  }
}

extension SigningRecord.Refund {
  fileprivate var json: JSONValue {
    [
      "id": .string(id), "payment": .string(payment), "address": .string(address),
      "asset": .string(asset), "amount_minor": .string(amount.decimal),
    ]
  }

  fileprivate init?(_ json: JSONValue) {
    guard let id = json["id"]?.string, let payment = json["payment"]?.string,
      let address = json["address"]?.string, let asset = json["asset"]?.string,
      let amount = json["amount_minor"]?.string.flatMap({ try? UInt256(decimal: $0) })
    else { return nil }
    self.init(id: id, payment: payment, address: address, asset: asset, amount: amount)
  }
}

extension JSONValue {
  /// An array of strings alone.
  fileprivate var strings: [String]? {
    guard let elements else { return nil }
    let strings = elements.compactMap(\.string)
    return strings.count == elements.count ? strings : nil
  }
}
