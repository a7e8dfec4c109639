/** The theme's own words. A language that is not here speaks English. */
const all: Record<string, Record<string, string>> = {
  en: {
    cart: 'Cart', account: 'Account', shop_all: 'See everything', newest: 'New in', collections: 'Collections', add: 'Add to cart', sold_out: 'Sold out', option: 'Option', quantity: 'Quantity',
    also: 'You may also like', empty: 'Your cart is empty.', change: 'Update', remove: 'Remove', total: 'Total', checkout: 'Check out', contact: 'Contact', email: 'E-mail address', first: 'First name', last: 'Last name',
    news: 'E-mail me with news and offers', go_on: 'Continue', review: 'Check and pay', pay: 'Place order', pretend: 'This is a pretend store: nothing is paid and nothing is sent.', thanks: 'Thank you!',
    thanks_more: 'Your order {{ n }} is on its way to the packing table.', back: 'Back to the shop', sign_in: 'Sign in', sign_in_more: 'No password here: choose the address of a customer.', sign_out: 'Sign out', orders: 'Orders',
    not_found: 'There is nothing here.', unknown: 'This store knows no customer with that address.', bad_email: 'Please write a whole e-mail address.', privacy: 'Privacy choices', preferences: 'Remember my choices',
    statistics: 'Count visits', marketing: 'Show me fitting offers', save: 'Save', edit: 'Change', items: 'pieces', skip: 'Skip to the content', next: 'Next', previous: 'Previous', sale: 'Sale', saved: 'Saved.', all: 'Everything', menu: 'Menu', hello: 'Hello', image_of: 'Product pictures are drawn by code.',
  },
  de: {
    cart: 'Warenkorb', account: 'Konto', shop_all: 'Alles ansehen', newest: 'Neu im Laden', collections: 'Sortiment', add: 'In den Warenkorb', sold_out: 'Ausverkauft', option: 'Ausführung', quantity: 'Menge',
    also: 'Dazu passt', empty: 'Dein Warenkorb ist leer.', change: 'Ändern', remove: 'Entfernen', total: 'Summe', checkout: 'Zur Kasse', contact: 'Kontakt', email: 'E-Mail-Adresse', first: 'Vorname', last: 'Nachname',
    news: 'Neuigkeiten und Angebote per E-Mail', go_on: 'Weiter', review: 'Prüfen und bezahlen', pay: 'Kostenpflichtig bestellen', pretend: 'Dieser Laden ist erfunden: Es wird nichts bezahlt und nichts verschickt.', thanks: 'Danke!',
    thanks_more: 'Deine Bestellung {{ n }} liegt auf dem Packtisch.', back: 'Zurück zum Laden', sign_in: 'Anmelden', sign_in_more: 'Ohne Passwort: Wähle die Adresse einer Kundin.', sign_out: 'Abmelden', orders: 'Bestellungen',
    not_found: 'Hier ist nichts.', unknown: 'Diese Adresse kennt der Laden nicht.', bad_email: 'Bitte gib eine vollständige E-Mail-Adresse ein.', privacy: 'Datenschutz-Auswahl', preferences: 'Meine Auswahl merken',
    statistics: 'Besuche zählen', marketing: 'Passende Angebote zeigen', save: 'Speichern', edit: 'Ändern', items: 'Stück', skip: 'Zum Inhalt', next: 'Weiter', previous: 'Zurück', sale: 'Angebot', saved: 'Gespeichert.', all: 'Alles', menu: 'Menü', hello: 'Hallo', image_of: 'Die Bilder sind aus Code gezeichnet.',
  },
  fr: {
    cart: 'Panier', account: 'Compte', shop_all: 'Tout voir', newest: 'Nouveautés', collections: 'Collections', add: 'Ajouter au panier', sold_out: 'Épuisé', option: 'Modèle', quantity: 'Quantité',
    also: 'Vous aimerez aussi', empty: 'Votre panier est vide.', change: 'Modifier', remove: 'Retirer', total: 'Total', checkout: 'Commander', contact: 'Coordonnées', email: 'Adresse e-mail', first: 'Prénom', last: 'Nom',
    news: 'Recevoir nouvelles et offres par e-mail', go_on: 'Continuer', review: 'Vérifier et payer', pay: 'Passer la commande', pretend: 'Boutique imaginaire : rien n’est payé, rien n’est envoyé.', thanks: 'Merci !',
    thanks_more: 'Votre commande {{ n }} est en préparation.', back: 'Retour à la boutique', sign_in: 'Se connecter', sign_in_more: 'Pas de mot de passe : choisissez l’adresse d’un client.', sign_out: 'Se déconnecter', orders: 'Commandes',
    not_found: 'Il n’y a rien ici.', unknown: 'La boutique ne connaît pas cette adresse.', bad_email: 'Indiquez une adresse e-mail complète.', privacy: 'Choix de confidentialité', preferences: 'Retenir mes choix',
    statistics: 'Compter les visites', marketing: 'Montrer des offres adaptées', save: 'Enregistrer', edit: 'Modifier', items: 'articles', skip: 'Aller au contenu', next: 'Suivant', previous: 'Précédent', sale: 'Promo', saved: 'Enregistré.', all: 'Tout', menu: 'Menu', hello: 'Bonjour', image_of: 'Les images sont dessinées par du code.',
  },
}

export const themeWords = (locale: string): Record<string, string> => all[locale.slice(0, 2)] ?? all.en!
