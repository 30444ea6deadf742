extension Templates {
  static let italian = Templates(
    confirmed: { order in
      Wording(
        "\(order.shop): il Suo ordine è confermato",
        push: "Il Suo ordine è pagato e confermato.",
        """
        Grazie. Il Suo pagamento è arrivato e il Suo ordine è confermato.
        La avviseremo quando sarà pronto.
        """)
    },
    preparing: { order in
      Wording(
        "\(order.shop): il Suo ordine è in preparazione",
        push: "Il Suo ordine è in preparazione.",
        "Abbiamo cominciato a preparare il Suo ordine.")
    },
    ready: { order in
      Wording(
        "\(order.shop): il Suo ordine è pronto",
        push: "Il Suo ordine è pronto.",
        """
        Il Suo ordine è pronto. Se qui sotto c’è un codice, lo mostri al ritiro e a nessuno prima:
        chi lo possiede può ritirare l’ordine al posto Suo.
        """)
    },
    completed: { order in
      Wording(
        "\(order.shop): il Suo ordine è stato consegnato",
        push: "Il Suo ordine è stato consegnato.",
        """
        Il Suo ordine è stato consegnato. Buon gusto!
        Se non lo ha ricevuto, ce lo dica subito.
        """)
    },
    canceled: { order, cause in
      let reason =
        switch cause {
        case .requested: "Il Suo ordine è stato annullato."
        case .expired: "Il Suo ordine è stato annullato, perché non è stato pagato in tempo."
        case .outOfStock:
          "Ci dispiace: abbiamo dovuto annullare il Suo ordine, perché non tutto è disponibile."
        case .paymentRefused:
          "Il Suo ordine è stato annullato, perché non si poteva pagare in quel modo."
        case .paymentCanceled: "Il Suo ordine è stato annullato insieme al pagamento."
        case .paymentResolved:
          "Il Suo ordine è stato annullato, perché il pagamento è stato chiuso in altro modo."
        }
      return Wording(
        "\(order.shop): il Suo ordine è stato annullato",
        push: "Il Suo ordine è stato annullato.",
        """
        \(reason)
        La preghiamo di non pagarlo più. Se ha già pagato, ci occuperemo del Suo denaro.
        """)
    },
    held: { order, hold in
      let reason =
        switch hold {
        case .paymentReversed:
          """
          Il Suo ordine deve attendere: la rete ha ritirato il pagamento che era arrivato.
          Spesso arriva di nuovo da sé, e allora proseguiamo.
          """
        case .stockMissing:
          """
          Il Suo ordine deve attendere: qualcosa manca nel nostro magazzino.
          Ce ne occupiamo e Le faremo sapere.
          """
        case .refunding:
          """
          Il Suo ordine deve attendere: quanto pagato Le viene restituito, o Le è già stato restituito.
          Se lo desidera ancora, ci contatti.
          """
        }
      return Wording(
        "\(order.shop): il Suo ordine deve attendere", push: "Il Suo ordine deve attendere.",
        reason)
    },
    paymentRequested: { payment in
      Wording(
        "\(payment.shop): La preghiamo di pagare \(payment.amount)",
        push: "La preghiamo di pagare \(payment.amount). Scadenza: \(payment.until).",
        """
        La preghiamo di pagare \(payment.amount) all’indirizzo qui sotto. Scadenza: \
        \(payment.until).
        Usi la rete indicata qui sotto e nessun’altra.
        """)
    },
    partiallyPaid: { payment in
      Wording(
        "\(payment.shop): mancano ancora \(payment.missing)",
        push: "Per il Suo ordine mancano ancora \(payment.missing).",
        """
        Per il Suo ordine abbiamo ricevuto \(payment.received); mancano ancora \(payment.missing).
        La preghiamo di inviare il resto allo stesso indirizzo. Scadenza: \(payment.until).
        """)
    },
    late: { payment in
      Wording(
        "\(payment.shop): il Suo pagamento è arrivato in ritardo",
        push: "Il Suo pagamento è arrivato dopo la scadenza.",
        """
        Un pagamento per il Suo ordine è arrivato dopo la scadenza (\(payment.until)).
        Il negozio vedrà se vale ancora; il Suo denaro non è perduto.
        """)
    },
    overpaid: { payment in
      Wording(
        "\(payment.shop): ha pagato \(payment.excess) di troppo",
        push: "Ha pagato \(payment.excess) di troppo.",
        """
        Per il Suo ordine sono arrivati \(payment.received), cioè \(payment.excess) di troppo.
        Il negozio può rimandarLe la differenza.
        """)
    },
    expired: { payment in
      Wording(
        "\(payment.shop): il termine di pagamento è scaduto",
        push: "Il termine di pagamento del Suo ordine è scaduto.",
        payment.isUnpaid
          ? """
          Per il Suo ordine non è arrivato nulla entro la scadenza (\(payment.until)): è stato \
          annullato.
          La preghiamo di non inviare più nulla al suo indirizzo.
          """
          : """
          Di \(payment.amount) sono arrivati solo \(payment.received) entro la scadenza \
          (\(payment.until)).
          La preghiamo di non inviare altro; il negozio si occupa di quanto è arrivato.
          """)
    },
    refundSent: { refund in
      Wording(
        "\(refund.shop): il Suo rimborso è in viaggio",
        push: "Il Suo rimborso di \(refund.amount) è in viaggio.",
        """
        Le abbiamo rimandato \(refund.amount). L’importo è in viaggio verso l’indirizzo qui sotto;
        prima che la rete lo confermi definitivamente può passare del tempo.
        """)
    },
    refundFinal: { refund in
      Wording(
        "\(refund.shop): il Suo rimborso è arrivato",
        push: "Il Suo rimborso di \(refund.amount) è arrivato.",
        "Il Suo rimborso di \(refund.amount) è arrivato definitivamente all’indirizzo qui sotto.")
    },
    labels: Labels(
      order: "Ordine", location: "Luogo", total: "Totale", amount: "Importo", network: "Rete",
      address: "Indirizzo", until: "Scadenza", transaction: "Transazione", code: "Il Suo codice",
      note: "Nota",
      more: { $0 == 1 ? "e un altro articolo" : "e altri \($0) articoli" },
      unsubscribe: { "Per non ricevere più questi messaggi: \($0)" }, colon: ": "))
}
