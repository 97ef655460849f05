namespace Net.Server.Kestrel.Checking;

/// <summary>Undoes the Huffman coding of a text as its bytes come (RFC 7541, section 5.2, which RFC 9204, section 4.1.2, takes over).</summary>
internal struct HuffmanText
{
    /// <summary>How many bytes one of coded text becomes at most: the shortest code has five bits.</summary>
    internal const int MaxGrowth = 2;

    private const int EndOfString = 256;
    private const int InnerNodes = EndOfString;
    private const int Nibbles = 16;
    private const int MaxPaddingBits = 7;

    // How long the code of each symbol is, that of the end of string last (RFC 7541, appendix B). The code is canonical: shorter ones come first, and of one length those of smaller symbols.
    private static readonly byte[] Lengths = Convert.FromHexString(
        "0d171c1c1c1c1c1c1c181e1c1c1e1c1c1c1c1c1c1c1c1e1c1c1c1c1c1c1c1c1c" +
        "060a0a0c0d06080b0a0a080b080606060505050606060606060607080f060c0a" +
        "0d06070707070707070707070707070707070707070707070807080d130d0e06" +
        "0f05060506050606060507070606060506070605050607070707070f0b0e0d1c" +
        "1416141416161617161717171717181718181617181717171715161716171718" +
        "1615141616171715171616181516171715151615171617171416161617161617" +
        "1a1a1413161716191a1a1a1b1b1a181913151a1b1b1a1b1815151a1a1c1b1b1b" +
        "14181415161515171616191918181a171a1b1a1a1b1b1b1b1b1c1b1b1b1b1b1a" +
        "1e");

    private static readonly Transition[] Transitions = new Transition[InnerNodes * Nibbles];
    private static readonly bool[] IsPadding = new bool[InnerNodes];

    private byte _node;

    static HuffmanText() => BuildTables();

    /// <summary>Whether the text may end here: behind a symbol and up to seven bits of padding, all of them ones.</summary>
    internal readonly bool CanEnd => IsPadding[_node];

    /// <summary>Begins with another text.</summary>
    internal void Begin() => _node = 0;

    /// <summary>Takes some bytes.</summary>
    /// <param name="coded">The bytes.</param>
    /// <param name="text">Gets what they say; at least <see cref="MaxGrowth"/> times as long as <paramref name="coded"/>.</param>
    /// <returns>How much of <paramref name="text"/> was written; -1 when the coding holds the end of string, which it must not.</returns>
    internal int Decode(ReadOnlySpan<byte> coded, Span<byte> text)
    {
        int written = 0;
        foreach (byte next in coded)
        {
            for (int shift = 4; shift >= 0; shift -= 4)
            {
                Transition transition = Transitions[(_node * Nibbles) + ((next >> shift) & (Nibbles - 1))];
                if (transition.Symbol == EndOfString)
                {
                    return -1;
                }

                if (transition.Symbol >= 0)
                {
                    text[written++] = (byte)transition.Symbol;
                }

                _node = transition.Node;
            }
        }

        return written;
    }

    /// <summary>Walks the tree of codes from each inner node by each four bits, which pass one symbol at most.</summary>
    private static void BuildTables()
    {
        (int Zero, int One)[] tree = BuildTree();
        for (int node = 0; node < InnerNodes; node++)
        {
            for (int nibble = 0; nibble < Nibbles; nibble++)
            {
                int reached = node;
                int symbol = -1;
                for (int mask = Nibbles >> 1; mask > 0 && symbol != EndOfString; mask >>= 1)
                {
                    reached = (nibble & mask) == 0 ? tree[reached].Zero : tree[reached].One;
                    if (reached < 0)
                    {
                        symbol = ~reached;
                        reached = 0;
                    }
                }

                Transitions[(node * Nibbles) + nibble] = new Transition((byte)reached, (short)symbol);
            }
        }

        for ((int node, int bits) = (0, 0); bits <= MaxPaddingBits; node = tree[node].One, bits++)
        {
            IsPadding[node] = true;
        }
    }

    /// <summary>The tree of codes: positive numbers are inner nodes, of which 0 is the root, and negative ones the complements of symbols.</summary>
    private static (int Zero, int One)[] BuildTree()
    {
        var tree = new (int Zero, int One)[InnerNodes];
        int nodes = 1;
        uint code = 0;
        int length = 0;
        foreach ((int symbol, byte bits) in Lengths.Index().OrderBy(static entry => entry.Item))
        {
            code <<= bits - length;
            length = bits;
            int node = 0;
            for (int shift = bits - 1; shift >= 0; shift--)
            {
                ref int next = ref (code >> shift & 1) == 0 ? ref tree[node].Zero : ref tree[node].One;
                if (next == 0)
                {
                    next = shift == 0 ? ~symbol : nodes++;
                }

                node = next;
            }

            code++;
        }

        return tree;
    }

    /// <summary>Where four bits lead.</summary>
    /// <param name="Node">The node reached.</param>
    /// <param name="Symbol">The symbol passed; negative: none.</param>
    private readonly record struct Transition(byte Node, short Symbol);
}
