using System.Numerics;

namespace StatelessSwarm.Engine.Picking;

/// <summary>A set of piece indexes as a bit map; piece n is bit n % 64 of word n / 64. Bits beyond the last piece are zero.</summary>
internal sealed class PieceSet
{
    private readonly ulong[] _words;

    /// <summary>An empty set for <paramref name="capacity"/> pieces.</summary>
    public PieceSet(int capacity)
    {
        Capacity = capacity;
        _words = new ulong[(capacity + 63) / 64];
    }

    /// <summary>Pieces of the torrent.</summary>
    public int Capacity { get; }

    /// <summary>Pieces in the set.</summary>
    public int Count { get; private set; }

    /// <summary>True when every piece is in the set.</summary>
    public bool IsFull => Count == Capacity;

    /// <summary>The bit map.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>True for a member.</summary>
    public bool Contains(int piece) => (_words[piece >> 6] >> (piece & 63) & 1) != 0;

    /// <summary>Adds a piece; false when it was there.</summary>
    public bool Add(int piece)
    {
        ref var word = ref _words[piece >> 6];
        var bit = 1UL << (piece & 63);
        if ((word & bit) != 0)
            return false;
        word |= bit;
        Count++;
        return true;
    }

    /// <summary>Removes a piece; false when it was not there.</summary>
    public bool Remove(int piece)
    {
        ref var word = ref _words[piece >> 6];
        var bit = 1UL << (piece & 63);
        if ((word & bit) == 0)
            return false;
        word &= ~bit;
        Count--;
        return true;
    }

    /// <summary>Adds every piece.</summary>
    public void Fill()
    {
        Array.Fill(_words, ulong.MaxValue);
        if ((Capacity & 63) != 0)
            _words[^1] = (1UL << (Capacity & 63)) - 1;
        Count = Capacity;
    }

    /// <summary>Replaces the content by a bitfield (BEP 3: high bit first), whose length and spare bits the codec has checked.</summary>
    public void ReadBitfield(ReadOnlySpan<byte> bits)
    {
        Array.Clear(_words);
        for (var index = 0; index < bits.Length; index++)
            _words[index >> 3] |= (ulong)Reverse(bits[index]) << ((index & 7) * 8);
        var count = 0;
        foreach (var word in _words)
            count += BitOperations.PopCount(word);
        Count = count;
    }

    /// <summary>The set as a bitfield message body.</summary>
    public byte[] ToBitfield()
    {
        var bits = new byte[(Capacity + 7) / 8];
        for (var index = 0; index < bits.Length; index++)
            bits[index] = Reverse((byte)(_words[index >> 3] >> ((index & 7) * 8) & 0xff));
        return bits;
    }

    /// <summary>Smallest member from <paramref name="piece"/> on, or -1.</summary>
    public int NextFrom(int piece)
    {
        if (piece >= Capacity)
            return -1;
        var index = piece >> 6;
        var word = _words[index] & ulong.MaxValue << (piece & 63);
        while (word == 0)
        {
            if (++index == _words.Length)
                return -1;
            word = _words[index];
        }
        return index * 64 + BitOperations.TrailingZeroCount(word);
    }

    /// <summary>True when some member of this set is no member of <paramref name="other"/>.</summary>
    public bool HasOutside(PieceSet other)
    {
        for (var index = 0; index < _words.Length; index++)
        {
            if ((_words[index] & ~other._words[index]) != 0)
                return true;
        }
        return false;
    }

    /// <summary>Members of this set that are no members of <paramref name="other"/>.</summary>
    public int CountOutside(PieceSet other)
    {
        var count = 0;
        for (var index = 0; index < _words.Length; index++)
            count += BitOperations.PopCount(_words[index] & ~other._words[index]);
        return count;
    }

    private static byte Reverse(byte value)
    {
        var v = (uint)value;
        v = (v & 0xf0) >> 4 | (v & 0x0f) << 4;
        v = (v & 0xcc) >> 2 | (v & 0x33) << 2;
        v = (v & 0xaa) >> 1 | (v & 0x55) << 1;
        return (byte)v;
    }
}
