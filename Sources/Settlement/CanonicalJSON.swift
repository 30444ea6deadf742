internal import Bytes
internal import ChainTypes
internal import Foundation
package import Payments

/// JSON that is the same text for the same value every time: facts are digested, and replays are
/// compared byte for byte.
package enum CanonicalJSON {
  /// What is stored and read back: members named as the properties are.
  package static func text(_ value: some Encodable) throws -> String {
    try encoded(value, naming: .useDefaultKeys)
  }

  /// The same for terms, which every payment writes, as fast as can be.
  package static func text(_ terms: PaymentTerms) throws -> String {
    var asset = CanonicalObject(reserving: 64)
    if let contract = terms.asset.contract { asset.add("contract", contract.hex) }
    asset.add("decimals", terms.asset.decimals)
    asset.add("symbol", terms.asset.symbol)
    var object = CanonicalObject()
    object.add("address", terms.address)
    object.add("amount", terms.amount)
    object.add("asset", asset)
    object.add("chain", terms.chain.text)
    if let chainID = terms.chainID { object.add("chainID", chainID) }
    object.add("confirmations", terms.confirmations)
    object.add("createdAt", terms.createdAt.microseconds)
    object.add("expiresAt", terms.expiresAt.microseconds)
    object.add("finality", terms.finality)
    object.add("id", terms.id)
    object.add("latePolicy", terms.latePolicy.rawValue)
    if let metadata = terms.metadata { object.add("metadata", metadata) }
    object.add("orderID", terms.orderID)
    object.add("ordinal", terms.ordinal)
    if let policy = terms.overPolicy { object.add("overPolicy", policy.rawValue) }
    if let address = terms.refundAddress { object.add("refundAddress", address) }
    object.add("region", terms.region)
    if let policy = terms.shortPolicy { object.add("shortPolicy", policy.rawValue) }
    object.add("tenant", terms.tenant)
    object.add("tolerance", terms.tolerance)
    return object.text
  }

  package static func value<Value: Decodable>(
    _ type: Value.Type, from text: String
  ) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  /// What others read: members named with underscores, as `order_id`.
  package static func document(_ value: some Encodable) throws -> String {
    try encoded(value, naming: .convertToSnakeCase)
  }

  private static func encoded(
    _ value: some Encodable, naming: JSONEncoder.KeyEncodingStrategy
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = naming
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Whether `text` is a JSON object.
  static func isObject(_ text: String) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) is [String: Any]
  }
}
