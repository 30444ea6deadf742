/// Which parts of its transaction a signature commits to.
///
/// One byte behind the signature; the number that is hashed has four, of which old signature
/// hashes take any.
package struct SighashType: Hashable, Sendable, RawRepresentable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// All inputs and outputs, of taproot spends only, said by a signature of 64 bytes (BIP-0341).
  package static let `default` = SighashType(rawValue: 0)
  /// All inputs and outputs.
  package static let all = SighashType(rawValue: 1)
  /// All inputs and no output.
  package static let none = SighashType(rawValue: 2)
  /// All inputs and the output beside this one.
  package static let single = SighashType(rawValue: 3)

  /// Of the inputs only the signed one (0x80).
  package var isAnyoneCanPay: Bool { rawValue & 0x80 != 0 }

  /// Whether it commits to no output.
  var omitsOutputs: Bool { rawValue & 0x1f == Self.none.rawValue }

  var isSingle: Bool { rawValue & 0x1f == Self.single.rawValue }
}

extension SighashType: CustomStringConvertible {
  package var description: String {
    let base =
      switch rawValue & 0x7f {
      case 0: "DEFAULT"
      case 1: "ALL"
      case 2: "NONE"
      case 3: "SINGLE"
      default: "\(rawValue)"
      }
    return isAnyoneCanPay ? base + "|ANYONECANPAY" : base
  }
}
