extension Templates {
  // Before : ; ! and ? a space is written, on the same line as the word.
  static let french = Templates(
    confirmed: { order in
      Wording(
        "\(order.shop) : votre commande est confirmée",
        push: "Votre commande est payée et confirmée.",
        """
        Merci. Votre paiement est arrivé et votre commande est confirmée.
        Nous vous préviendrons quand elle sera prête.
        """)
    },
    preparing: { order in
      Wording(
        "\(order.shop) : votre commande est en préparation",
        push: "Votre commande est en préparation.",
        "Nous avons commencé à préparer votre commande.")
    },
    ready: { order in
      Wording(
        "\(order.shop) : votre commande est prête",
        push: "Votre commande est prête.",
        """
        Votre commande est prête. Si un code figure ci-dessous, montrez-le au retrait et à personne
        avant : qui le connaît peut retirer la commande à votre place.
        """)
    },
    completed: { order in
      Wording(
        "\(order.shop) : votre commande a été remise",
        push: "Votre commande a été remise.",
        """
        Votre commande a été remise. Bonne dégustation !
        Si vous ne l’avez pas reçue, dites-le-nous sans attendre.
        """)
    },
    canceled: { order, cause in
      let reason =
        switch cause {
        case .requested: "Votre commande a été annulée."
        case .expired: "Votre commande a été annulée, faute de paiement dans le délai."
        case .outOfStock:
          "Nous sommes désolés : nous avons dû annuler votre commande, car tout n’est pas en stock."
        case .paymentRefused:
          "Votre commande a été annulée, car elle ne pouvait pas être payée de cette manière."
        case .paymentCanceled: "Votre commande a été annulée avec son paiement."
        case .paymentResolved:
          "Votre commande a été annulée, car son paiement a été clos d’une autre manière."
        }
      return Wording(
        "\(order.shop) : votre commande a été annulée",
        push: "Votre commande a été annulée.",
        """
        \(reason)
        Merci de ne plus la payer. Si vous avez déjà payé, nous nous occupons de votre argent.
        """)
    },
    held: { order, hold in
      let reason =
        switch hold {
        case .paymentReversed:
          """
          Votre commande doit attendre : le réseau a repris le paiement qui était arrivé pour elle.
          Souvent il arrive de nouveau de lui-même, et nous continuons alors.
          """
        case .stockMissing:
          """
          Votre commande doit attendre : il y manque quelque chose dans notre stock.
          Nous nous en occupons et vous en dirons plus.
          """
        case .refunding:
          """
          Votre commande doit attendre : ce qui a été payé pour elle vous est rendu, ou l’a été.
          Si vous la souhaitez tout de même, parlez-nous-en.
          """
        }
      return Wording(
        "\(order.shop) : votre commande doit attendre", push: "Votre commande doit attendre.",
        reason)
    },
    paymentRequested: { payment in
      Wording(
        "\(payment.shop) : merci de payer \(payment.amount)",
        push: "Merci de payer \(payment.amount), au plus tard le \(payment.until).",
        """
        Merci de payer \(payment.amount) à l’adresse ci-dessous, au plus tard le \(payment.until).
        Utilisez le réseau indiqué ci-dessous et aucun autre.
        """)
    },
    partiallyPaid: { payment in
      Wording(
        "\(payment.shop) : il manque encore \(payment.missing)",
        push: "Il manque encore \(payment.missing) pour votre commande.",
        """
        Nous avons reçu \(payment.received) pour votre commande ; il manque encore \
        \(payment.missing).
        Merci d’envoyer le reste à la même adresse, au plus tard le \(payment.until).
        """)
    },
    late: { payment in
      Wording(
        "\(payment.shop) : votre paiement est arrivé en retard",
        push: "Votre paiement est arrivé après l’échéance.",
        """
        Un paiement pour votre commande est arrivé après l’échéance (\(payment.until)).
        La boutique verra s’il compte encore ; votre argent n’est pas perdu.
        """)
    },
    overpaid: { payment in
      Wording(
        "\(payment.shop) : vous avez payé \(payment.excess) de trop",
        push: "Vous avez payé \(payment.excess) de trop.",
        """
        Pour votre commande, \(payment.received) sont arrivés, soit \(payment.excess) de trop.
        La boutique peut vous renvoyer la différence.
        """)
    },
    expired: { payment in
      Wording(
        "\(payment.shop) : le délai de paiement est passé",
        push: "Le délai de paiement de votre commande est passé.",
        payment.isUnpaid
          ? """
          Rien n’est arrivé pour votre commande avant l’échéance (\(payment.until)) ; elle a été \
          annulée.
          Merci de ne plus rien envoyer à son adresse.
          """
          : """
          Sur \(payment.amount), seuls \(payment.received) sont arrivés avant l’échéance \
          (\(payment.until)).
          Merci de ne plus rien envoyer ; la boutique s’occupe de ce qui est arrivé.
          """)
    },
    refundSent: { refund in
      Wording(
        "\(refund.shop) : votre remboursement est en route",
        push: "Votre remboursement de \(refund.amount) est en route.",
        """
        Nous vous avons renvoyé \(refund.amount). Le montant est en route vers l’adresse ci-dessous ;
        il peut se passer un certain temps avant que le réseau le confirme définitivement.
        """)
    },
    refundFinal: { refund in
      Wording(
        "\(refund.shop) : votre remboursement est arrivé",
        push: "Votre remboursement de \(refund.amount) est arrivé.",
        "Votre remboursement de \(refund.amount) est arrivé définitivement à l’adresse ci-dessous.")
    },
    labels: Labels(
      order: "Commande", location: "Lieu", total: "Total", amount: "Montant", network: "Réseau",
      address: "Adresse", until: "Échéance", transaction: "Transaction", code: "Votre code",
      note: "Remarque",
      more: { $0 == 1 ? "et un autre article" : "et \($0) autres articles" },
      unsubscribe: { "Ne plus recevoir ces messages : \($0)" }, colon: " : "))
}
