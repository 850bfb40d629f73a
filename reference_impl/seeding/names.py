"""What seeded people may be called, where they may live, and what they may like."""

from __future__ import annotations


def _names(text: str) -> tuple[str, ...]:
    """Return the names in a text, which are apart by spaces and have `_` for their own."""
    return tuple(name.replace("_", " ") for name in text.split())


FIRST_NAMES = _names(
    """
    Ada Aiko Aisha Alejandro Alma Amara Amélie Amir Ana Anders Anika Antoni Arjun Astrid Ayşe Béla
    Bianca Björn Camila Carlos Chiara Chidi Chloé Claire Daan Dalia Daniel Dimitra Diego Ebba Eero
    Elena Elif Emeka Emilia Emre Esther Eva Farah Fatima Felix Finn Fiona Francesca Freya Gabriel
    Giulia Grace Greta Hana Hannah Hassan Hugo Ibrahim Ida Ingrid Irene Isabela Ivan Jakub Jana
    Javier João Jonas José Julia Kamal Karim Katarzyna Kenji Kofi Kwame Laila Lars Leila Lena Leo
    Lin Lucía Luka Magnus Maja Malik Marek Maria Marta Mateo Maya Mei Mikkel Milan Mina Mira Nadia
    Naomi Nia Niamh Nikolai Noah Noor Nour Olga Omar Oskar Øyvind Paula Pedro Priya Rafael Rania
    Ravi Rosa Ruth Samira Santiago Saoirse Sara Sofia Sören Tadeo Tamar Tariq Teresa Thandiwe Tomás
    Valentina Vera Viktor Wanjiru Yara Yuki Yusuf Zeynep Zofia
    """
)

LAST_NAMES = _names(
    """
    Abdi Achieng Adeyemi Aguilar Ahmed Ali Almeida Álvarez Andersson Appiah Araújo Arslan Asante
    Bakker Banerjee Bauer Becker Berg Bergström Bianchi Boateng Bondarenko Bose Brandt Brown Castro
    Chaudhry Chen Chukwu Clark Costa Cruz Çelik Dahl Das Dasgupta Davies Delgado Demir Desai Díaz
    Diallo Dubois Dupont Eriksen Evans Farah Fernández Ferrari Fischer Fontaine Fujita García Gomes
    González Green Guerrero Gupta Haddad Hakimi Hansen Haruna Hassan Hernández Hoang Hoffmann Horvat
    Horváth Huang Hussain Ibrahim Ivanova Iyer Jansen Jensen Jiménez Johansen Kaya Kamau Kapoor
    Karlsson Kato Keller Khan Kim Kimura Kowalska Kozlov Krüger Kumar Lambert Larsen Lee Lehmann
    Li Lindqvist Lopes López Mahlangu Malik Marino Martin Martínez Mbeki Meier Mendes Mensah Meyer
    Molina Morales Moreau Müller Murphy Mwangi Nakamura Ndlovu Nguyen Nielsen Nowak Novák O'Brien
    O'Connor Okafor Okonkwo Oliveira Olsen Ortega Osei Owusu Park Patel Pavlović Peeters Pereira
    Petrova Popescu Quinn Rahman Ramírez Rao Reyes Ricci Rivera Romano Rossi Ruiz Saito Salas
    Sánchez Santos Sato Schmidt Schneider Sharma Silva Singh Smith Søndergaard Suzuki Tanaka Tran
    van_Dijk Vargas Vidal Visser Walker Wang Weber Wilson Yamamoto Öztürk Zhang Zieliński
    """
)

CITIES = (
    "Accra", "Amsterdam", "Athens", "Bangalore", "Barcelona", "Bergen", "Berlin", "Bogotá",
    "Brno", "Buenos Aires", "Cairo", "Cape Town", "Cork", "Dakar", "Edinburgh", "Fukuoka",
    "Gothenburg", "Guadalajara", "Hamburg", "Hanoi", "Istanbul", "Kraków", "Kyoto", "Lagos",
    "Leeds", "Lima", "Lisbon", "Ljubljana", "Lyon", "Malmö", "Marseille", "Melbourne",
    "Montréal", "Mumbai", "Nairobi", "Porto", "Reykjavík", "São Paulo", "Seoul", "Tallinn",
    "Tbilisi", "Turin", "Utrecht", "Valparaíso", "Vienna", "Zürich",
)  # fmt: skip

LIKES = (
    "tea and long walks", "night trains", "old maps", "bread baking", "cold lakes",
    "second-hand books", "running before breakfast", "film cameras", "other people's dogs",
    "tomatoes on the balcony", "chess in the park", "choirs", "strong coffee", "mending bicycles",
    "birdsong and binoculars", "noodles at midnight", "ceramics", "sailing small boats",
    "crosswords in pen", "lighthouses", "thunderstorms", "folding paper", "cooking for ten",
    "silent films", "cactuses", "hiking with too much luggage", "jazz on vinyl", "rainy Sundays",
    "climbing indoors", "swing dancing", "knitting on trains", "astronomy without a telescope",
    "early markets", "board games that take all evening", "street murals", "salt liquorice",
)  # fmt: skip
