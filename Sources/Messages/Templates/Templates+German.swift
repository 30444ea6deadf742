extension Templates {
  static let german = Templates(
    confirmed: { order in
      Wording(
        "\(order.shop): Ihre Bestellung ist bestätigt",
        push: "Ihre Bestellung ist bezahlt und bestätigt.",
        """
        Vielen Dank. Ihre Zahlung ist angekommen, und Ihre Bestellung ist bestätigt.
        Wir melden uns, sobald sie bereit ist.
        """)
    },
    preparing: { order in
      Wording(
        "\(order.shop): Ihre Bestellung wird zubereitet",
        push: "Ihre Bestellung wird zubereitet.",
        "Wir haben mit Ihrer Bestellung begonnen.")
    },
    ready: { order in
      Wording(
        "\(order.shop): Ihre Bestellung ist bereit",
        push: "Ihre Bestellung ist bereit.",
        """
        Ihre Bestellung ist bereit. Steht unten ein Code, so zeigen Sie ihn bei der Abholung vor,
        und vorher niemandem: Wer ihn hat, kann die Bestellung an Ihrer Stelle abholen.
        """)
    },
    completed: { order in
      Wording(
        "\(order.shop): Ihre Bestellung wurde übergeben",
        push: "Ihre Bestellung wurde übergeben.",
        """
        Ihre Bestellung wurde übergeben. Guten Genuss!
        Falls Sie sie nicht erhalten haben, melden Sie sich bitte gleich bei uns.
        """)
    },
    canceled: { order, cause in
      let reason =
        switch cause {
        case .requested: "Ihre Bestellung wurde storniert."
        case .expired: "Ihre Bestellung wurde storniert, weil sie nicht rechtzeitig bezahlt wurde."
        case .outOfStock:
          "Es tut uns leid: Wir mussten Ihre Bestellung stornieren, weil nicht alles vorrätig ist."
        case .paymentRefused:
          "Ihre Bestellung wurde storniert, weil sie so nicht bezahlt werden konnte."
        case .paymentCanceled: "Ihre Bestellung wurde mit ihrer Zahlung storniert."
        case .paymentResolved:
          "Ihre Bestellung wurde storniert, weil ihre Zahlung anders abgeschlossen wurde."
        }
      return Wording(
        "\(order.shop): Ihre Bestellung wurde storniert",
        push: "Ihre Bestellung wurde storniert.",
        """
        \(reason)
        Bitte bezahlen Sie sie nicht mehr. Haben Sie schon bezahlt, kümmern wir uns um Ihr Geld.
        """)
    },
    held: { order, hold in
      let reason =
        switch hold {
        case .paymentReversed:
          """
          Ihre Bestellung muss warten: Das Netzwerk hat die Zahlung zurückgenommen, die dafür
          angekommen war. Oft kommt sie von selbst wieder an, und dann geht es weiter.
          """
        case .stockMissing:
          """
          Ihre Bestellung muss warten: Etwas davon fehlt in unserem Lager.
          Wir kümmern uns darum und melden uns.
          """
        case .refunding:
          """
          Ihre Bestellung muss warten: Was dafür bezahlt wurde, geht an Sie zurück oder ist es schon.
          Möchten Sie die Bestellung trotzdem, sprechen Sie uns bitte an.
          """
        }
      return Wording(
        "\(order.shop): Ihre Bestellung muss warten", push: "Ihre Bestellung muss warten.", reason)
    },
    paymentRequested: { payment in
      Wording(
        "\(payment.shop): Bitte zahlen Sie \(payment.amount)",
        push: "Bitte zahlen Sie \(payment.amount), spätestens am \(payment.until).",
        """
        Bitte zahlen Sie \(payment.amount) an die Adresse unten, spätestens am \(payment.until).
        Nehmen Sie dafür das unten genannte Netzwerk und kein anderes.
        """)
    },
    partiallyPaid: { payment in
      Wording(
        "\(payment.shop): Es fehlen noch \(payment.missing)",
        push: "Für Ihre Bestellung fehlen noch \(payment.missing).",
        """
        Für Ihre Bestellung haben wir \(payment.received) erhalten; es fehlen noch \
        \(payment.missing).
        Bitte senden Sie den Rest an dieselbe Adresse, spätestens am \(payment.until).
        """)
    },
    late: { payment in
      Wording(
        "\(payment.shop): Ihre Zahlung kam zu spät",
        push: "Ihre Zahlung kam nach Ablauf der Frist.",
        """
        Für Ihre Bestellung kam nach Ablauf der Frist (\(payment.until)) eine Zahlung an.
        Ob sie noch zählt, prüft das Geschäft; Ihr Geld ist nicht verloren.
        """)
    },
    overpaid: { payment in
      Wording(
        "\(payment.shop): Sie haben \(payment.excess) zu viel bezahlt",
        push: "Sie haben \(payment.excess) zu viel bezahlt.",
        """
        Für Ihre Bestellung kamen \(payment.received) an, also \(payment.excess) zu viel.
        Das Geschäft kann Ihnen den Unterschied zurücksenden.
        """)
    },
    expired: { payment in
      Wording(
        "\(payment.shop): Die Zahlungsfrist ist abgelaufen",
        push: "Die Zahlungsfrist für Ihre Bestellung ist abgelaufen.",
        payment.isUnpaid
          ? """
          Für Ihre Bestellung kam bis zum Ablauf der Frist (\(payment.until)) nichts an; sie wurde \
          storniert.
          Bitte senden Sie nichts mehr an ihre Adresse.
          """
          : """
          Von \(payment.amount) kamen bis zum Ablauf der Frist (\(payment.until)) nur \
          \(payment.received) an.
          Bitte senden Sie nichts mehr; um das Angekommene kümmert sich das Geschäft.
          """)
    },
    refundSent: { refund in
      Wording(
        "\(refund.shop): Ihre Erstattung ist unterwegs",
        push: "Ihre Erstattung von \(refund.amount) ist unterwegs.",
        """
        Wir haben Ihnen \(refund.amount) zurückgesendet. Der Betrag ist unterwegs zur Adresse unten;
        bis ihn das Netzwerk endgültig bestätigt hat, kann einige Zeit vergehen.
        """)
    },
    refundFinal: { refund in
      Wording(
        "\(refund.shop): Ihre Erstattung ist angekommen",
        push: "Ihre Erstattung von \(refund.amount) ist angekommen.",
        "Ihre Erstattung von \(refund.amount) ist endgültig bei der Adresse unten angekommen.")
    },
    labels: Labels(
      order: "Bestellung", location: "Ort", total: "Summe", amount: "Betrag", network: "Netzwerk",
      address: "Adresse", until: "Frist", transaction: "Transaktion", code: "Ihr Code",
      note: "Anmerkung",
      more: { "und \($0) weitere" },
      unsubscribe: { "Keine weiteren Nachrichten dieser Art: \($0)" }, colon: ": "))
}
