import Addresses
import Bytes
import ChainTypes
import Keys
import Testing

@testable import Bitcoin

@Suite("Signing partially signed transactions")
struct PSBTSignerTests {
  let wallet: TestWallet
  let signer: PSBTSigner

  init() throws {
    wallet = try TestWallet()
    signer = PSBTSigner(wallet.master)
  }

  private func built(
    _ scripts: [SingleKeyScript], hasPrevious: Bool = true, change: SingleKeyScript = .wpkh
  ) throws -> PSBT {
    let coins = try scripts.enumerated().map { index, script in
      try wallet.coin(
        script, value: 100_000, index: UInt32(index), hasPrevious: hasPrevious || script == .pkh)
    }
    return try TransactionBuilder(
      coins: [], required: coins,
      payments: [OutgoingPayment(scriptPubKey: TestWallet.script(1), value: 50_000)],
      change: wallet.change(change), feeRate: FeeRate(satoshiPerKvB: 2000),
      limits: TestWallet.limits
    ).build().psbt
  }

  private func refusal(_ psbt: PSBT, trustsValues: Bool = false) throws -> PSBTInputError? {
    var copy = psbt
    do {
      _ = try signer.sign(&copy, trustsValues: trustsValues)
      return nil
    } catch {
      #expect(copy == psbt, "what is refused stays as it was")
      return error.reason
    }
  }

  @Test("an account's key signs like its master")
  func accountKey() throws {
    let origin = KeyOrigin(
      fingerprint: wallet.fingerprint, path: try DerivationPath("m/84h/1h/0h"))
    let account = PSBTSigner(try wallet.master.descendant(origin.path), origin: origin)
    let unsigned = try built([.wpkh, .tr, .wpkh])
    var byAccount = unsigned
    let report = try account.sign(&byAccount)
    #expect(report.signed == [0, 2] && report.foreign == [1])
    var byMaster = unsigned
    _ = try signer.sign(&byMaster)
    let isCombined = byAccount.combine(byMaster)
    #expect(isCombined && byAccount == byMaster)
  }

  @Test("a descriptor's keys have the origins that its master signs by")
  func descriptors() throws {
    for script in SingleKeyScript.allCases {
      let path = try DerivationPath("m/\(script.purpose)h/1h/0h")
      let account = try wallet.master.descendant(path).extendedPublicKey
      let text = account.text(network: .regtest)
      let origin = KeyOrigin(fingerprint: wallet.fingerprint, path: path)
      let descriptor = try Descriptor(
        accountKey: "\(origin)\(text)", network: .regtest, branch: 1, script: script)
      let derivation = try #require(try PSBTDerivation(descriptor, at: 3))
      #expect(try derivation == wallet.derivation(script, branch: 1, index: 3))
      #expect(try script.output(of: derivation.key) == descriptor.outputScript(at: 3))
      #expect(throws: DerivationError.indexExhausted(1 << 31)) {
        try PSBTDerivation(descriptor, at: 1 << 31)
      }
      let bare = try Descriptor(
        accountKey: text, network: .regtest, branch: 1, script: script)
      let own = try #require(try PSBTDerivation(bare, at: 3)).origin
      #expect(own.fingerprint == account.fingerprint && own.path.description == "m/1/3")
    }
  }

  @Test("finished inputs are left alone")
  func finished() throws {
    var psbt = try built([.wpkh, .tr])
    _ = try signer.sign(&psbt)
    let unfinished = psbt.finalize()
    #expect(unfinished.isEmpty)
    let before = psbt
    let report = try signer.sign(&psbt)
    #expect(report.alreadyFinal == [0, 1] && report.signed.isEmpty && psbt == before)
  }

  @Test("a segwit value without its transaction is taken on trust only when asked")
  func unproven() throws {
    for script in [SingleKeyScript.wpkh, .shWpkh] {
      let psbt = try built([script, .tr], hasPrevious: false)
      #expect(try refusal(psbt) == .missingPreviousTransaction)
      var trusted = psbt
      let report = try signer.sign(&trusted, trustsValues: true)
      #expect(report.signed == [0, 1] && report.unproven == [0])
    }
    // Taproot's signatures commit to all values.
    #expect(try refusal(built([.tr, .tr], hasPrevious: false)) == nil)
  }

  @Test("only ALL, and DEFAULT for taproot, are signed")
  func sighashTypes() throws {
    for (script, type, isSigned) in [
      (SingleKeyScript.wpkh, UInt32(1), true), (.wpkh, 0, false), (.wpkh, 2, false),
      (.wpkh, 3, false), (.pkh, 0x81, false), (.shWpkh, 0x83, false), (.tr, 0, true),
      (.tr, 1, true), (.tr, 2, false), (.tr, 0x81, false), (.tr, 256, false), (.wpkh, 257, false),
    ] {
      var psbt = try built([script])
      psbt.inputs[0].sighashType = SighashType(rawValue: type)
      #expect(try refusal(psbt) == (isSigned ? nil : .unsupportedSighashType(type)))
      guard isSigned else { continue }
      _ = try signer.sign(&psbt)
      let unfinished = psbt.finalize()
      #expect(unfinished.isEmpty)
      let witness = try psbt.extractTransaction().inputs[0].witness
      #expect(script != .tr || witness[0].count == (type == 1 ? 65 : 64))
    }
  }

  @Test("a path that doesn't lead to the stated key is refused")
  func wrongPath() throws {
    for script in SingleKeyScript.allCases {
      var psbt = try built([script])
      let right = try wallet.derivation(script, branch: 0, index: 0)
      let wrong = PSBTDerivation(
        key: right.key,
        origin: try wallet.derivation(script, branch: 0, index: 1).origin)
      if script == .tr {
        psbt.inputs[0].setTaprootInternalKey(wrong)
      } else {
        psbt.inputs[0].addDerivation(wrong)
      }
      #expect(try refusal(psbt) == .wrongKey)
    }
  }

  @Test("a key of ours that isn't the output's is refused")
  func wrongScript() throws {
    for script in SingleKeyScript.allCases {
      var psbt = try built([script])
      let other = try wallet.derivation(script, branch: 0, index: 5)
      if script == .tr {
        psbt.inputs[0].setTaprootInternalKey(other)
      } else {
        psbt.inputs[0].addDerivation(other)
      }
      #expect(try refusal(psbt) == .keyNotInScript)
    }
  }

  @Test("outputs and previous transactions that contradict each other, or are missing, are refused")
  func spentOutputs() throws {
    var psbt = try built([.wpkh])
    psbt.inputs[0].witnessUTXO?.value += 1
    #expect(try refusal(psbt) == .contradictingUTXO)
    psbt.inputs[0].nonWitnessUTXO = nil
    psbt.inputs[0].witnessUTXO = nil
    #expect(try refusal(psbt) == .missingUTXO)
    var old = try built([.pkh])
    old.inputs[0].witnessUTXO = old.spentOutput(ofInput: 0)
    #expect(try refusal(old) == nil)
    old.inputs[0].nonWitnessUTXO = nil
    #expect(try refusal(old, trustsValues: true) == .missingPreviousTransaction)
    var taproot = try built([.tr, .tr])
    taproot.inputs[1].witnessUTXO = nil
    #expect(try refusal(taproot) == .missingUTXO)
    var nested = try built([.shWpkh])
    nested.inputs[0].redeemScript = nil
    #expect(try refusal(nested) == .missingScript)
    nested.inputs[0].redeemScript = [0x51]
    #expect(try refusal(nested) == .wrongScript)
  }

  @Test("a previous transaction that isn't the spent one isn't read")
  func previousTransactions() throws {
    let psbt = try built([.wpkh, .wpkh])
    var swapped = psbt
    swapped.inputs[0].nonWitnessUTXO = psbt.inputs[1].nonWitnessUTXO
    #expect(swapped.spentOutput(ofInput: 0) == nil && swapped.fee == nil)
    #expect(try refusal(swapped) == .missingUTXO)
    let txid = try #require(psbt.inputs[1].nonWitnessUTXO).txid
    #expect(throws: PSBTError.wrongPreviousTransaction(input: 0, txid: txid)) {
      try PSBT(bytes: swapped.bytes)
    }
  }

  @Test("nothing leaves before all inputs are finished, and verified")
  func extraction() throws {
    var psbt = try built([.wpkh, .tr])
    #expect(throws: PSBT.ExtractionError.input(0, .notFinal)) { try psbt.extractTransaction() }
    let missing = psbt.finalize()
    #expect(missing == [0: .missingSignature, 1: .missingSignature])
    _ = try signer.sign(&psbt)
    var mistyped = psbt
    mistyped.inputs[1].sighashType = .all
    let unlike = mistyped.finalize()
    #expect(unlike == [1: .unsupportedSighashType(0)])
    var wrong = psbt
    wrong.inputs[1].taprootSignature = [UInt8](repeating: 1, count: 64)
    let invalid = wrong.finalize()
    #expect(invalid == [1: .invalidSignature])
    wrong.inputs[1].finalWitness = [[UInt8](repeating: 1, count: 64)]
    #expect(throws: PSBT.ExtractionError.input(1, .invalidSignature)) {
      try wrong.extractTransaction()
    }
    let unfinished = psbt.finalize()
    #expect(unfinished.isEmpty)
    _ = try psbt.extractTransaction()
    psbt.inputs[0].nonWitnessUTXO = nil
    psbt.inputs[0].witnessUTXO?.value = 100
    #expect(throws: PSBT.ExtractionError.self) { try psbt.extractTransaction() }
    psbt.inputs[0].witnessUTXO = nil
    #expect(throws: PSBT.ExtractionError.input(0, .missingUTXO)) { try psbt.extractTransaction() }
    let empty = PSBT(unsigned: Transaction(inputs: [], outputs: []))
    #expect(throws: PSBT.ExtractionError.incomplete) { try empty.extractTransaction() }
  }
}
