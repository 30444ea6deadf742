package import Addresses
package import Bytes
package import Keys

extension EthereumTransaction {
  /// One to be signed, of type 2 (EIP-1559) and without an access list: wei are sent, or a contract
  /// is called, or both.
  package init(
    chainID: UInt64, nonce: UInt64, to recipient: EthereumAddress, value: UInt256,
    input: [UInt8] = [], gasLimit: UInt64, caps: FeeCaps
  ) {
    self.init(
      form: .dynamicFee(chainID: chainID, caps, []), nonce: nonce, gasLimit: gasLimit,
      recipient: recipient, value: value, input: input)
  }

  /// What the sender signs, before it is hashed: the type's byte and the list without a signature.
  package var encodedForSigning: [UInt8] {
    var writer = RLPWriter()
    append(to: &writer, forSigning: true)
    return writer.bytes
  }

  /// From what a sender signs of a transaction of type 2 (`encodedForSigning`).
  package init(unsigned bytes: [UInt8]) throws(EthereumError) {
    guard bytes.first == TransactionType.dynamicFee.rawValue else {
      throw .unverifiable(.transactionType(UInt64(bytes.first ?? 0)))
    }
    let body = bytes.span.bytes.extracting(1..<bytes.count)
    var writer = RLPWriter()
    writer.append(rawByte: TransactionType.dynamicFee.rawValue)
    do {
      let payload = body.byteCount - (try RLPReader(list: body).offset)
      // With a signature of nothing in the place of one.
      writer.appendList { writer in
        writer.append(encoded: Array(bytes.suffix(payload)))
        for _ in 0..<3 { writer.appendEmptyString() }
      }
    } catch {
      throw .rlp(error)
    }
    try self.init(encoded: writer.bytes)
    signature = nil
    guard encodedForSigning == bytes else { throw .invalid(.signature) }
  }

  /// The same with a signature that was made elsewhere.
  package func with(_ signature: RecoverableSignature) -> EthereumTransaction {
    var signed = self
    signed.signature = signature
    return signed
  }
}
