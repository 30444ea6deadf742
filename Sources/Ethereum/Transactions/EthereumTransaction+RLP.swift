internal import Addresses
internal import Bytes
internal import Keys

// Encoding.
extension EthereumTransaction {
  /// As it stands on the wire and in the transactions trie.
  package var encoded: [UInt8] {
    var writer = RLPWriter()
    append(to: &writer)
    return writer.bytes
  }

  package func append(to writer: inout RLPWriter) { append(to: &writer, forSigning: false) }

  func append(to writer: inout RLPWriter, forSigning: Bool) {
    if type != .legacy { writer.append(rawByte: type.rawValue) }
    let list = writer.openList()
    switch form {
    case .legacy(let gasPrice, let chainID):
      writer.append(nonce)
      writer.append(gasPrice)
      appendCall(to: &writer)
      if forSigning {
        if let chainID {
          writer.append(chainID)
          writer.appendEmptyString()
          writer.appendEmptyString()
        }
      } else {
        writer.append(legacyV(chainID: chainID))
        appendSignatureNumbers(to: &writer)
      }
    case .accessList(let chainID, let gasPrice, let accessList):
      writer.append(chainID)
      writer.append(nonce)
      writer.append(gasPrice)
      appendCall(to: &writer)
      writer.append(accessList)
    case .dynamicFee(let chainID, let caps, let accessList):
      appendStart(chainID: chainID, caps, accessList, to: &writer)
    case .blob(let chainID, let caps, let accessList, let fields):
      appendStart(chainID: chainID, caps, accessList, to: &writer)
      writer.append(fields.maxFeePerBlobGas)
      writer.appendList { writer in
        for hash in fields.versionedHashes { writer.append(hash) }
      }
    case .setCode(let chainID, let caps, let accessList, let authorizations):
      appendStart(chainID: chainID, caps, accessList, to: &writer)
      writer.appendList { writer in
        for authorization in authorizations { writer.append(authorization) }
      }
    case .deposit(let fields):
      writer.append(fields.sourceHash)
      writer.append(fields.sender)
      writer.append(recipient)
      writer.append(fields.mint)
      writer.append(value)
      writer.append(gasLimit)
      writer.append(fields.isSystemTransaction)
      writer.append(input)
    }
    if !forSigning, type != .legacy, type != .deposit {
      writer.append(signature?.isOdd ?? false)
      appendSignatureNumbers(to: &writer)
    }
    writer.closeList(list)
  }

  private func appendStart(
    chainID: UInt64, _ caps: FeeCaps, _ accessList: [AccessListEntry], to writer: inout RLPWriter
  ) {
    writer.append(chainID)
    writer.append(nonce)
    writer.append(caps.maxPriorityFeePerGas)
    writer.append(caps.maxFeePerGas)
    appendCall(to: &writer)
    writer.append(accessList)
  }

  private func appendCall(to writer: inout RLPWriter) {
    writer.append(gasLimit)
    writer.append(recipient)
    writer.append(value)
    writer.append(input)
  }

  /// 27 or 28, or 35 or 36 plus twice the chain id (EIP-155).
  private func legacyV(chainID: UInt64?) -> UInt256 {
    let parity: UInt64 = signature?.isOdd == true ? 1 : 0
    guard let chainID else { return UInt256(27 + parity) }
    return UInt256(chainID).shiftedLeft(by: 1).addingReportingOverflow(UInt256(35 + parity)).sum
  }

  private func appendSignatureNumbers(to writer: inout RLPWriter) {
    writer.append(UInt256(bigEndian: signature?.r ?? .zero))
    writer.append(UInt256(bigEndian: signature?.s ?? .zero))
  }
}

extension RLPWriter {
  fileprivate mutating func append(_ accessList: [EthereumTransaction.AccessListEntry]) {
    appendList { writer in
      for entry in accessList {
        writer.appendList { writer in
          writer.append(entry.address)
          writer.appendList { writer in
            for key in entry.storageKeys { writer.append(key) }
          }
        }
      }
    }
  }

  fileprivate mutating func append(_ authorization: EthereumTransaction.Authorization) {
    appendList { writer in
      writer.append(authorization.chainID)
      writer.append(authorization.address)
      writer.append(authorization.nonce)
      writer.append(UInt64(authorization.yParity))
      writer.append(authorization.r)
      writer.append(authorization.s)
    }
  }
}

// Decoding.
extension EthereumTransaction {
  /// From its form in a block. A blob transaction with its blobs, as nodes pass it on before it is
  /// mined, isn't accepted.
  package init(encoded bytes: RawSpan) throws(EthereumError) {
    do {
      self = try Self.decode(bytes)
    } catch let error as EthereumError {
      throw error
    } catch let error as RLPError {
      throw .rlp(error)
    } catch {
      throw .invalid(.signature)
    }
    // The number of an account's last transaction can't be reached (EIP-2681).
    guard nonce < .max else { throw .invalid(.nonce) }
  }

  package init(encoded bytes: [UInt8]) throws(EthereumError) {
    try self.init(encoded: bytes.span.bytes)
  }

  private static func decode(_ bytes: RawSpan) throws -> EthereumTransaction {
    guard !bytes.isEmpty else { throw RLPError.endOfBytes(offset: 0) }
    let first = bytes.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self)
    if first >= 0xc0 {
      var reader = try RLPReader(list: bytes)
      return try decodeLegacy(&reader)
    }
    guard let type = TransactionType(rawValue: first), type != .legacy else {
      throw EthereumError.unverifiable(.transactionType(UInt64(first)))
    }
    var reader = try RLPReader(list: bytes.extracting(1..<bytes.byteCount))
    let transaction =
      type == .deposit ? try decodeDeposit(&reader) : try decodeTyped(type, &reader)
    try reader.expectEnd()
    return transaction
  }

  private static func decodeLegacy(_ reader: inout RLPReader) throws -> EthereumTransaction {
    let nonce = try reader.readUInt64()
    let gasPrice = try reader.readUInt256()
    var transaction = try decodeCall(
      &reader, form: .legacy(gasPrice: gasPrice, chainID: nil), nonce: nonce)
    let v = try reader.readUInt256()
    let (r, s) = (try reader.readUInt256(), try reader.readUInt256())
    try reader.expectEnd()
    guard let v = v.asUInt64 else { throw EthereumError.unverifiable(.chainID) }
    switch v {
    case 27, 28: break
    case 35...:
      transaction.form = .legacy(gasPrice: gasPrice, chainID: (v - 35) / 2)
    default: throw EthereumError.invalid(.signature)
    }
    // 27 and 35 both are odd numbers for an even y.
    transaction.signature = RecoverableSignature(
      r: Hash32(bigEndian: r), s: Hash32(bigEndian: s), isOdd: v & 1 == 0)
    return transaction
  }

  private static func decodeTyped(
    _ type: TransactionType, _ reader: inout RLPReader
  ) throws -> EthereumTransaction {
    let chainID = try readChainID(&reader)
    let nonce = try reader.readUInt64()
    let first = try reader.readUInt256()
    let caps =
      type == .accessList
      ? FeeCaps(maxPriorityFeePerGas: first, maxFeePerGas: first)
      : FeeCaps(maxPriorityFeePerGas: first, maxFeePerGas: try reader.readUInt256())
    var transaction = try decodeCall(
      &reader, form: .dynamicFee(chainID: chainID, caps, []), nonce: nonce)
    let accessList = try readAccessList(&reader)
    switch type {
    case .accessList:
      transaction.form = .accessList(chainID: chainID, gasPrice: first, accessList)
    case .blob:
      let fields = BlobFields(
        maxFeePerBlobGas: try reader.readUInt256(), versionedHashes: try readHashes(&reader))
      transaction.form = .blob(chainID: chainID, caps, accessList, fields)
    case .setCode:
      transaction.form = .setCode(
        chainID: chainID, caps, accessList, try readAuthorizations(&reader))
    default:
      transaction.form = .dynamicFee(chainID: chainID, caps, accessList)
    }
    if type == .blob || type == .setCode, transaction.recipient == nil {
      throw EthereumError.invalid(.recipient)
    }
    let isOdd = try reader.readFlag()
    transaction.signature = RecoverableSignature(
      r: Hash32(bigEndian: try reader.readUInt256()),
      s: Hash32(bigEndian: try reader.readUInt256()),
      isOdd: isOdd)
    return transaction
  }

  private static func decodeDeposit(_ reader: inout RLPReader) throws -> EthereumTransaction {
    let sourceHash = try reader.readHash32()
    let sender = try reader.readAddress()
    let recipient = try reader.readOptionalAddress()
    let mint = try reader.readUInt256()
    let value = try reader.readUInt256()
    let gasLimit = try reader.readUInt64()
    let isSystemTransaction = try reader.readFlag()
    return EthereumTransaction(
      form: .deposit(
        DepositFields(
          sourceHash: sourceHash, sender: sender, mint: mint,
          isSystemTransaction: isSystemTransaction)),
      nonce: 0, gasLimit: gasLimit, recipient: recipient, value: value,
      input: try reader.readBytes())
  }

  private static func decodeCall(
    _ reader: inout RLPReader, form: Form, nonce: UInt64
  ) throws(RLPError) -> EthereumTransaction {
    EthereumTransaction(
      form: form, nonce: nonce, gasLimit: try reader.readUInt64(),
      recipient: try reader.readOptionalAddress(), value: try reader.readUInt256(),
      input: try reader.readBytes())
  }

  private static func readChainID(_ reader: inout RLPReader) throws -> UInt64 {
    guard let chainID = try reader.readUInt256().asUInt64 else {
      throw EthereumError.unverifiable(.chainID)
    }
    return chainID
  }

  private static func readHashes(_ reader: inout RLPReader) throws(RLPError) -> [Hash32] {
    let list = try reader.readList()
    var members = reader.reader(of: list)
    var hashes: [Hash32] = []
    while !members.isAtEnd { hashes.append(try members.readHash32()) }
    return hashes
  }

  private static func readAccessList(
    _ reader: inout RLPReader
  ) throws(RLPError) -> [AccessListEntry] {
    let list = try reader.readList()
    var members = reader.reader(of: list)
    var entries: [AccessListEntry] = []
    while !members.isAtEnd {
      let entry = try members.readList()
      var fields = members.reader(of: entry)
      entries.append(
        AccessListEntry(
          address: try fields.readAddress(), storageKeys: try readHashes(&fields)))
      try fields.expectEnd()
    }
    return entries
  }

  private static func readAuthorizations(
    _ reader: inout RLPReader
  ) throws -> [Authorization] {
    let list = try reader.readList()
    var members = reader.reader(of: list)
    var authorizations: [Authorization] = []
    while !members.isAtEnd {
      let entry = try members.readList()
      var fields = members.reader(of: entry)
      let (chainID, address) = (try fields.readUInt256(), try fields.readAddress())
      let (nonce, yParity) = (try fields.readUInt64(), try fields.readUInt64())
      guard let yParity = UInt8(exactly: yParity) else {
        throw EthereumError.invalid(.authorization)
      }
      authorizations.append(
        Authorization(
          chainID: chainID, address: address, nonce: nonce, yParity: yParity,
          r: try fields.readUInt256(), s: try fields.readUInt256()))
      try fields.expectEnd()
    }
    return authorizations
  }
}

extension UInt256 {
  init(bigEndian hash: Hash32) {
    self.init(
      limbs: (
        UInt64(bigEndian: hash.words.3), UInt64(bigEndian: hash.words.2),
        UInt64(bigEndian: hash.words.1), UInt64(bigEndian: hash.words.0)
      ))
  }
}

extension Hash32 {
  /// The number's 32 bytes, most significant first.
  init(bigEndian number: UInt256) {
    let bytes = number.bigEndianBytes
    self.init(bytes: bytes.span.bytes, at: 0)
  }
}
