internal import ChainTypes
package import HTTPServer
internal import JSON

// What the routes of supplies take.
extension SupplyRoutes {
  /// Names of locations, products and people, as UTF-8.
  static let wordBytes = 1...128
  static let noteBytes = 1...500
  private static let quantities = 0...SupplyItem.maximumQuantity
  static let unitFactors: ClosedRange<Int64> = 2...1_000_000_000_000

  static func newSupply(_ fields: inout JSONFields) throws -> SupplyService.NewSupply {
    let location = try fields.string("location", length: wordBytes)
    let product = try fields.string("product", length: wordBytes)
    let unit = try fields.string("unit", length: SupplyItem.unitBytes)
    let onHand = try fields.optionalInteger("on_hand", in: quantities) ?? 0
    let details = try changedDetails(&fields)(SupplyDetails())
    return SupplyService.NewSupply(
      location: location, product: product, unit: unit,
      details: try checked(details, unit: unit), onHand: onHand)
  }

  /// What the named members change; the others stay as they are.
  static func changedDetails(
    _ fields: inout JSONFields
  ) throws -> @Sendable (SupplyDetails) -> SupplyDetails {
    let name = try fields.optionalString("name", length: wordBytes)
    let owner = try fields.optionalString("owner", length: wordBytes)
    let currency = try fields.optionalString("currency", length: 1...20)
    let amount = try fields.optionalString("amount", length: 1...120)
    let lowAt = try fields.optionalInteger("low_at", in: quantities)
    let reorderAt = try fields.optionalInteger("reorder_at", in: quantities)
    let reorderQuantity = try fields.optionalInteger(
      "reorder_quantity", in: 1...SupplyItem.maximumQuantity)
    let units = try units(&fields)
    if let amount {
      // As fine as the finest coin: its currency may be any.
      do {
        _ = try Amount(units: amount, asset: .eth)
      } catch {
        throw Problem.invalidField(
          "amount", "It must be a decimal text with at most 18 decimals, such as \"0.45\".")
      }
    }
    return { details in
      SupplyDetails(
        name: name ?? details.name, owner: owner ?? details.owner,
        amount: amount ?? details.amount, currency: currency ?? details.currency,
        lowAt: lowAt ?? details.lowAt, reorderAt: reorderAt ?? details.reorderAt,
        reorderQuantity: reorderQuantity ?? details.reorderQuantity,
        units: units.map { $0.isEmpty ? nil : $0 } ?? details.units)
    }
  }

  /// All larger units anew; nil where none are named.
  private static func units(_ fields: inout JSONFields) throws -> [String: Int64]? {
    guard let json = fields.optional("units") else { return nil }
    guard case .object(let members) = json, members.count <= SupplyDetails.maximumUnits else {
      throw Problem.invalidField(
        "units", "It must be an object of at most \(SupplyDetails.maximumUnits) units.")
    }
    for member in members where !SupplyItem.unitBytes.contains(member.name.utf8.count) {
      throw Problem.invalidField(
        "units", "A unit's name must have 1 to 32 bytes.")
    }
    return try JSONFields.read(json, path: "units") { units in
      var factors: [String: Int64] = [:]
      for member in members {
        factors[member.name] = try units.integer(member.name, in: unitFactors)
      }
      return factors
    }
  }

  /// What is noted about a supply of this unit, which no larger one may be called.
  static func checked(_ details: SupplyDetails, unit: String) throws(Problem) -> SupplyDetails {
    guard details.units?[unit] == nil else {
      throw .invalidField("units", "\(unit) is the smallest unit.")
    }
    return details
  }

  /// What somebody notes of stock, once the supply and its units are known.
  static func adjustment(
    _ fields: inout JSONFields, by: String
  ) throws -> @Sendable (SupplyItem) throws -> SupplyFact {
    let limit = SupplyItem.maximumQuantity
    let change = try fields.optionalInteger("change", in: -limit...limit)
    let counted = try fields.optionalInteger("counted", in: quantities)
    let unit = try fields.optionalString("unit", length: SupplyItem.unitBytes)
    let note = try fields.optionalString("note", length: noteBytes)
    let word = try fields.optionalString("reason", length: 1...20)
    switch (change, counted) {
    case (let change?, nil):
      guard change != 0 else { throw Problem.invalidField("change", "It must not be 0.") }
      let known = AdjustmentReason.allCases.map(\.rawValue).joined(separator: ", ")
      guard let reason = word.flatMap(AdjustmentReason.init(rawValue:)) else {
        throw Problem.invalidField("reason", "It must be one of \(known).")
      }
      return {
        .adjusted(
          change: try $0.smallest(change, of: unit), reason: reason, by: by, note: note)
      }
    case (nil, let counted?):
      guard word == nil else {
        throw Problem.invalidField("reason", "Only a change has one.")
      }
      return { .counted(onHand: try $0.smallest(counted, of: unit), by: by, note: note) }
    default:
      throw Problem.invalidField("change", "Either change or counted is required.")
    }
  }

  private enum ReorderWord: String, CaseIterable { case ordered, received, closed }

  /// What somebody says of more that is to come.
  static func reorder(
    _ fields: inout JSONFields, by: String
  ) throws -> @Sendable (SupplyItem) throws -> SupplyFact {
    let word = try fields.string("status", length: 1...20)
    let quantity = try fields.optionalInteger("quantity", in: 1...SupplyItem.maximumQuantity)
    let unit = try fields.optionalString("unit", length: SupplyItem.unitBytes)
    let reference = try fields.optionalString("reference", length: wordBytes)
    let note = try fields.optionalString("note", length: noteBytes)
    switch ReorderWord(rawValue: word) {
    case .ordered:
      return {
        .reorderPlaced(
          quantity: try $0.reordered(quantity, of: unit), reference: reference, by: by)
      }
    case .received:
      return {
        .reorderReceived(quantity: try $0.reordered(quantity, of: unit), by: by, note: note)
      }
    case .closed: return { _ in .reorderClosed(by: by, note: note) }
    case nil:
      let known = ReorderWord.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem.invalidField("status", "It must be one of \(known).")
    }
  }
}

extension SupplyRefusal: Refusal {
  package var problem: Problem { Problem(self) }
}

extension Problem {
  /// The problem that tells why a supply wasn't made or changed.
  init(_ refusal: SupplyRefusal) {
    switch refusal {
    case .notFound(let id), .deleted(let id):
      self = .notFound("There is no supply \(id.prefix(60)).")
    case .exists(let id):
      self = .conflict(
        "supply-exists", "The location keeps the product already.", "It is \(id).")
      extensions = [.init("supply_id", .string(id))]
    case .reserved(_, let quantity):
      self = .conflict(
        "supply-reserved", "Orders hold some of the supply.", "They hold \(quantity).")
    case .insufficient(_, let available):
      self = .conflict(
        "supply-insufficient", "Less is available.", "There are \(available).")
    case .quantityOutOfRange(let quantity):
      self = .invalidField(
        "change", "\(quantity) leads out of the range from 0 to \(SupplyItem.maximumQuantity).")
    case .unknownUnit(_, let known):
      self = .invalidField(
        "unit", "The supply is counted in \(known.joined(separator: ", ")).")
    case .noReorder:
      self = .conflict("supply-not-reordered", "There is no reorder.", "None is open or ordered.")
    case .reorderQuantityMissing:
      self = .invalidField("quantity", "It is required: nobody has said how much is to be ordered.")
    // Facts that no client writes itself.
    case .notFounded, .foundedAlready: self = .internal
    }
  }
}
