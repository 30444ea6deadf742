internal import Addresses
internal import Bytes

/// Turns a transaction as a node writes it in JSON into its encoding, without making anything of it
/// in between. One encoder serves a whole block.
struct TransactionEncoder {
  /// Named as in the execution-apis' schemas, and op-geth's for deposits.
  enum Member: Int, AnswerMember {
    case type, chainId, nonce, gasPrice, maxPriorityFeePerGas, maxFeePerGas, gas, to, value, input
    case accessList, maxFeePerBlobGas, blobVersionedHashes, authorizationList, v, r, s, yParity
    case from, sourceHash, mint, isSystemTx

    static let names = MemberNames<Member>()
  }

  private var members = AnswerMembers<Member>()
  private var order = MemberOrder<Member>()
  private var accessList = RLPWriter()
  private var versionedHashes = RLPWriter()
  private var authorizations = RLPWriter()
  private var storageKeys = RLPWriter()
  private var isSystemTransaction = false

  /// Whom the node names as sender of the transaction that was last encoded: not secured by
  /// anything, until its signature is looked at.
  private(set) var claimedSender: EthereumAddress?

  /// Reads the object that comes next and appends the transaction.
  mutating func encode(
    _ reader: inout AnswerReader, to items: inout TrieItems,
    allowing profile: (TransactionType) -> Bool
  ) throws(EthereumError) {
    do {
      try read(&reader)
      claimedSender = try members[.from].map { text throws(AnswerError) in
        try reader.address(text, "from")
      }
    } catch {
      throw .answer(error)
    }
    let type = try TransactionType(members[.type], in: reader) { .transactionType($0) }
    guard profile(type) else { throw .unverifiable(.transactionType(UInt64(type.rawValue))) }
    do {
      try items.append { writer throws(AnswerError) in
        try append(type, from: reader, to: &writer)
      }
    } catch {
      throw .answer(error)
    }
  }

  // MARK: Reading

  private mutating func read(_ reader: inout AnswerReader) throws(AnswerError) {
    members.removeAll()
    accessList.removeAll()
    versionedHashes.removeAll()
    authorizations.removeAll()
    isSystemTransaction = false
    try order.open(&reader)
    while case .member(let member) = try order.next(&reader) {
      switch member {
      case nil: try reader.skipValue()
      case .accessList: try readAccessList(&reader)
      case .blobVersionedHashes: try readHashes(&reader, into: &versionedHashes)
      case .authorizationList: try readAuthorizations(&reader)
      case .isSystemTx: isSystemTransaction = try reader.readFlag() ?? false
      case .some(let member): try members.set(member, reader.readText())
      }
    }
  }

  private func readHashes(
    _ reader: inout AnswerReader, into writer: inout RLPWriter
  ) throws(AnswerError) {
    if try reader.skipNull() { return }
    try reader.openArray()
    while try reader.nextElement() {
      let text = try reader.readString()
      try writer.append(data: text, of: reader, byteCount: 32, "hash")
    }
  }

  private mutating func readAccessList(_ reader: inout AnswerReader) throws(AnswerError) {
    if try reader.skipNull() { return }
    try reader.openArray()
    while try reader.nextElement() {
      var address: AnswerReader.Text?
      storageKeys.removeAll()
      try reader.openObject()
      while let name = try reader.nextMember() {
        switch AccessMember.names.member(named: name, in: reader) {
        case .address: address = try reader.readText()
        case .storageKeys: try readHashes(&reader, into: &storageKeys)
        case nil: try reader.skipValue()
        }
      }
      guard let address else { throw .missing("accessList.address") }
      let entry = accessList.openList()
      try accessList.append(data: address, of: reader, byteCount: 20, "accessList.address")
      accessList.appendListPrefix(count: storageKeys.bytes.count)
      accessList.append(encoded: storageKeys.bytes)
      accessList.closeList(entry)
    }
  }

  private mutating func readAuthorizations(_ reader: inout AnswerReader) throws(AnswerError) {
    if try reader.skipNull() { return }
    try reader.openArray()
    while try reader.nextElement() {
      var fields = AnswerMembers<AuthorizationMember>()
      try reader.openObject()
      while let name = try reader.nextMember() {
        if let member = AuthorizationMember.names.member(named: name, in: reader) {
          try fields.set(member, reader.readText())
        } else {
          try reader.skipValue()
        }
      }
      let entry = authorizations.openList()
      for member in [.chainId, .address, .nonce, .yParity, .r, .s] as [AuthorizationMember] {
        let isParityAsV = member == .yParity && fields[.yParity] == nil
        let text = try fields.required(isParityAsV ? .v : member)
        if member == .address {
          try authorizations.append(data: text, of: reader, byteCount: 20, "\(member)")
        } else {
          authorizations.append(try reader.number(text, "\(member)"))
        }
      }
      authorizations.closeList(entry)
    }
  }

  private enum AccessMember: Int, AnswerMember {
    case address, storageKeys

    static let names = MemberNames<AccessMember>()
  }

  private enum AuthorizationMember: Int, AnswerMember {
    case chainId, address, nonce, yParity, v, r, s

    static let names = MemberNames<AuthorizationMember>()
  }
}

// Writing.
extension TransactionEncoder {
  private func append(
    _ type: TransactionType, from reader: borrowing AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    if type != .legacy { writer.append(rawByte: type.rawValue) }
    let list = writer.openList()
    if type == .deposit {
      try appendDeposit(from: reader, to: &writer)
    } else {
      try appendSigned(type, from: reader, to: &writer)
    }
    writer.closeList(list)
  }

  private func appendSigned(
    _ type: TransactionType, from reader: borrowing AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    if type != .legacy { try appendNumber(.chainId, from: reader, to: &writer) }
    try appendNumber(.nonce, from: reader, to: &writer)
    if type == .legacy || type == .accessList {
      try appendNumber(.gasPrice, from: reader, to: &writer)
    } else {
      try appendNumber(.maxPriorityFeePerGas, from: reader, to: &writer)
      try appendNumber(.maxFeePerGas, from: reader, to: &writer)
    }
    try appendNumber(.gas, from: reader, to: &writer)
    try appendRecipient(from: reader, to: &writer)
    try appendNumber(.value, from: reader, to: &writer)
    try writer.append(data: members.required(.input), of: reader, "input")
    if type != .legacy {
      writer.appendListPrefix(count: accessList.bytes.count)
      writer.append(encoded: accessList.bytes)
    }
    if type == .blob {
      try appendNumber(.maxFeePerBlobGas, from: reader, to: &writer)
      writer.appendListPrefix(count: versionedHashes.bytes.count)
      writer.append(encoded: versionedHashes.bytes)
    }
    if type == .setCode {
      writer.appendListPrefix(count: authorizations.bytes.count)
      writer.append(encoded: authorizations.bytes)
    }
    // Nodes write the parity of typed transactions as `v` too, and older ones nowhere else.
    let parity = type == .legacy || members[.yParity] == nil ? Member.v : .yParity
    try appendNumber(parity, from: reader, to: &writer)
    try appendNumber(.r, from: reader, to: &writer)
    try appendNumber(.s, from: reader, to: &writer)
  }

  private func appendDeposit(
    from reader: borrowing AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    try writer.append(
      data: members.required(.sourceHash), of: reader, byteCount: 32, "sourceHash")
    try writer.append(data: members.required(.from), of: reader, byteCount: 20, "from")
    try appendRecipient(from: reader, to: &writer)
    if members[.mint] == nil {
      writer.appendEmptyString()
    } else {
      try appendNumber(.mint, from: reader, to: &writer)
    }
    try appendNumber(.value, from: reader, to: &writer)
    try appendNumber(.gas, from: reader, to: &writer)
    writer.append(isSystemTransaction)
    try writer.append(data: members.required(.input), of: reader, "input")
  }

  private func appendRecipient(
    from reader: borrowing AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    guard let text = members[.to] else { return writer.appendEmptyString() }
    try writer.append(data: text, of: reader, byteCount: 20, "to")
  }

  private func appendNumber(
    _ member: Member, from reader: borrowing AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    writer.append(try reader.number(members.required(member), "\(member)"))
  }
}
