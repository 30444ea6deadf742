package import Addresses
package import Bytes
package import JSON

// Ethereum's values in JSON (EIP-1474): a quantity is `0x` and digits without a leading zero, data
// is `0x` and two digits a byte. Hashes stand in their one order.
extension JSONValue {
  /// A quantity that fits `type`.
  package func quantity<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type
  ) -> Number? {
    guard let digits = quantityDigits, digits.utf8.count <= Number.bitWidth / 4 else { return nil }
    return Number(digits, radix: 16)
  }

  /// A quantity of at most 256 bits.
  package var quantity256: UInt256? {
    guard let digits = quantityDigits, digits.utf8.count <= 64 else { return nil }
    let padded = digits.utf8.count & 1 == 0 ? String(digits) : "0" + digits
    guard let bytes = try? Hex.decode(padded) else { return nil }
    return UInt256(bigEndian: bytes)
  }

  private var quantityDigits: Substring? {
    guard let string, string.utf8.count <= 66, string.hasPrefix("0x") else { return nil }
    let digits = string.dropFirst(2)
    guard let first = digits.utf8.first, first != UInt8(ascii: "0") || digits.utf8.count == 1
    else { return nil }
    // Swift's own parsing would take a sign.
    guard first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
    return digits
  }

  /// Data of any length.
  package var data: [UInt8]? {
    guard let string, string.hasPrefix("0x") else { return nil }
    return try? Hex.decode(string.dropFirst(2))
  }

  /// Data of 32 bytes.
  package var hash32: Hash32? {
    guard let string, string.utf8.count == 66 else { return nil }
    return data.flatMap { Hash32($0) }
  }

  /// Data of 20 bytes. The case of its letters means nothing here.
  package var address: EthereumAddress? {
    guard let string, string.utf8.count == 42 else { return nil }
    return data.flatMap { Hash20($0) }.map { EthereumAddress($0) }
  }

  package static func quantity(_ value: some UnsignedInteger) -> JSONValue {
    .string("0x" + String(value, radix: 16))
  }

  package static func quantity(_ value: UInt256) -> JSONValue {
    let digits = Hex.encode(value.bigEndianBytes).drop { $0 == "0" }
    return .string("0x" + (digits.isEmpty ? "0" : digits))
  }

  package static func data(_ bytes: [UInt8]) -> JSONValue { .string("0x" + Hex.encode(bytes)) }

  package static func hash32(_ hash: Hash32) -> JSONValue { .string("0x" + hash.hex) }

  package static func address(_ address: EthereumAddress) -> JSONValue {
    .string("0x" + address.hash.hex)
  }
}
