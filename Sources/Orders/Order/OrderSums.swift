package import Bytes
package import Supply

// What items come to: exact sums of whole minor units and of smallest units.

extension OrderItem {
  /// Of one piece with its customizations.
  package func piece() throws(OrderRefusal) -> UInt256 {
    do {
      var sum = unitPrice
      for extra in customizations { sum = try sum.adding(extra.price) }
      return sum
    } catch {
      throw .totalTooLarge
    }
  }

  /// Of all its pieces.
  package func total() throws(OrderRefusal) -> UInt256 {
    let piece = try piece()
    do {
      return try piece.multiplied(by: UInt256(UInt64(clamping: quantity)))
    } catch {
      throw .totalTooLarge
    }
  }

  /// Of all items.
  package static func total(of items: [OrderItem]) throws(OrderRefusal) -> UInt256 {
    var sum = UInt256.zero
    for item in items {
      let total = try item.total()
      do {
        sum = try sum.adding(total)
      } catch {
        throw .totalTooLarge
      }
    }
    return sum
  }

  /// What they take from stock, one line for each product and unit, by their names.
  package static func stock(of items: [OrderItem]) throws(OrderRefusal) -> [StockLine] {
    struct Place: Hashable {
      let product: String
      let unit: String?
    }
    var sums: [Place: Int64] = [:]
    for item in items {
      for line in item.stock + item.customizations.flatMap(\.stock) {
        let (product, overflow) = line.quantity.multipliedReportingOverflow(by: item.quantity)
        let place = Place(product: line.product, unit: line.unit)
        let (sum, carried) = (sums[place] ?? 0).addingReportingOverflow(product)
        guard !overflow, !carried, sum <= SupplyItem.maximumQuantity else {
          throw .tooMuch(line.product)
        }
        sums[place] = sum
      }
    }
    return sums.sorted { a, b in
      (a.key.product, a.key.unit ?? "") < (b.key.product, b.key.unit ?? "")
    }.map { StockLine(product: $0.key.product, quantity: $0.value, unit: $0.key.unit) }
  }
}
