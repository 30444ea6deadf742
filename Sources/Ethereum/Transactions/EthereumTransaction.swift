package import Addresses
package import Bytes
internal import Digests
package import Keys

/// A transaction of an EVM chain.
///
/// On the wire and in the transactions trie it is a type byte and an RLP list (EIP-2718), or the
/// list alone for a legacy transaction.
package struct EthereumTransaction: Hashable, Sendable {
  package var form: Form
  /// Zero for a deposit.
  package var nonce: UInt64
  package var gasLimit: UInt64
  /// Nil where the transaction creates a contract.
  package var recipient: EthereumAddress?
  /// Wei.
  package var value: UInt256
  package var input: [UInt8]
  /// Nil while unsigned; a deposit has none.
  package var signature: RecoverableSignature?

  /// What the types have that not all have.
  package enum Form: Hashable, Sendable {
    /// Type 0. With a chain id the signature holds on that chain alone (EIP-155).
    case legacy(gasPrice: UInt256, chainID: UInt64?)
    /// Type 1 (EIP-2930).
    case accessList(chainID: UInt64, gasPrice: UInt256, [AccessListEntry])
    /// Type 2 (EIP-1559).
    case dynamicFee(chainID: UInt64, FeeCaps, [AccessListEntry])
    /// Type 3 (EIP-4844), as it stands in a block: without its blobs. It always has a recipient.
    case blob(chainID: UInt64, FeeCaps, [AccessListEntry], BlobFields)
    /// Type 4 (EIP-7702). It always has a recipient.
    case setCode(chainID: UInt64, FeeCaps, [AccessListEntry], [Authorization])
    /// Type 0x7e: made by an OP-stack chain itself for a deposit on its parent chain.
    case deposit(DepositFields)
  }

  /// Wei per gas (EIP-1559).
  package struct FeeCaps: Hashable, Sendable {
    package var maxPriorityFeePerGas: UInt256
    package var maxFeePerGas: UInt256

    package init(maxPriorityFeePerGas: UInt256, maxFeePerGas: UInt256) {
      self.maxPriorityFeePerGas = maxPriorityFeePerGas
      self.maxFeePerGas = maxFeePerGas
    }
  }

  package struct AccessListEntry: Hashable, Sendable {
    package var address: EthereumAddress
    package var storageKeys: [Hash32]

    package init(address: EthereumAddress, storageKeys: [Hash32]) {
      self.address = address
      self.storageKeys = storageKeys
    }
  }

  package struct BlobFields: Hashable, Sendable {
    package var maxFeePerBlobGas: UInt256
    package var versionedHashes: [Hash32]

    package init(maxFeePerBlobGas: UInt256, versionedHashes: [Hash32]) {
      self.maxFeePerBlobGas = maxFeePerBlobGas
      self.versionedHashes = versionedHashes
    }
  }

  /// Lets an account run a contract's code as its own.
  package struct Authorization: Hashable, Sendable {
    /// Zero for every chain.
    package var chainID: UInt256
    package var address: EthereumAddress
    package var nonce: UInt64
    /// Whether it is valid is decided when it is executed; an invalid one is passed over.
    package var yParity: UInt8
    package var r: UInt256
    package var s: UInt256

    package init(
      chainID: UInt256, address: EthereumAddress, nonce: UInt64, yParity: UInt8, r: UInt256,
      s: UInt256
    ) {
      self.chainID = chainID
      self.address = address
      self.nonce = nonce
      self.yParity = yParity
      self.r = r
      self.s = s
    }
  }

  package struct DepositFields: Hashable, Sendable {
    /// What makes the deposit unique.
    package var sourceHash: Hash32
    package var sender: EthereumAddress
    /// Wei that come into being with it.
    package var mint: UInt256
    package var isSystemTransaction: Bool

    package init(
      sourceHash: Hash32, sender: EthereumAddress, mint: UInt256, isSystemTransaction: Bool
    ) {
      self.sourceHash = sourceHash
      self.sender = sender
      self.mint = mint
      self.isSystemTransaction = isSystemTransaction
    }
  }

  package init(
    form: Form, nonce: UInt64, gasLimit: UInt64, recipient: EthereumAddress?, value: UInt256,
    input: [UInt8] = [], signature: RecoverableSignature? = nil
  ) {
    self.form = form
    self.nonce = nonce
    self.gasLimit = gasLimit
    self.recipient = recipient
    self.value = value
    self.input = input
    self.signature = signature
  }

  package var type: TransactionType {
    switch form {
    case .legacy: .legacy
    case .accessList: .accessList
    case .dynamicFee: .dynamicFee
    case .blob: .blob
    case .setCode: .setCode
    case .deposit: .deposit
    }
  }

  /// The chain on which it holds; nil for a legacy transaction that holds on any, and a deposit.
  package var chainID: UInt64? {
    switch form {
    case .legacy(_, let chainID): chainID
    case .accessList(let chainID, _, _), .dynamicFee(let chainID, _, _),
      .blob(let chainID, _, _, _), .setCode(let chainID, _, _, _):
      chainID
    case .deposit: nil
    }
  }

  package var hash: Hash32 { Keccak256.hash(encoded) }

  /// What the sender signs, hashed.
  package var signingHash: Hash32 {
    var writer = RLPWriter()
    append(to: &writer, forSigning: true)
    return Keccak256.hash(writer.bytes)
  }

  /// Who sent it: for a signed transaction the account of the key that made the signature, nil
  /// where there is no such key.
  package var sender: EthereumAddress? {
    if case .deposit(let fields) = form { return fields.sender }
    return signature?.publicKey(signing: signingHash).map { EthereumAddress($0) }
  }

  /// The same, signed by `key`.
  package func signed(by key: PrivateKey) -> EthereumTransaction {
    var signed = self
    signed.signature = key.signature(over: signingHash)
    return signed
  }

  /// The address of the contract that a transaction without recipient creates: the last 20 bytes of
  /// the hash of its sender and nonce.
  package static func contractAddress(
    createdBy sender: EthereumAddress, nonce: UInt64
  ) -> EthereumAddress {
    var writer = RLPWriter()
    let list = writer.openList()
    writer.append(sender)
    writer.append(nonce)
    writer.closeList(list)
    let digest = Keccak256.hash(writer.bytes).bytes
    return EthereumAddress(Hash20(bytes: digest.span.bytes, at: 12))
  }
}
