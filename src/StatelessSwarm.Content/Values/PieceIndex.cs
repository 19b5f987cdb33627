namespace StatelessSwarm.Content.Values;

/// <summary>Which piece of a torrent, counted from 0. An index, never a count or a length.</summary>
public readonly record struct PieceIndex(int Value) : IComparable<PieceIndex>
{
    /// <inheritdoc/>
    public int CompareTo(PieceIndex other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Order by index.</summary>
    public static bool operator <(PieceIndex left, PieceIndex right) => left.Value < right.Value;

    /// <summary>Order by index.</summary>
    public static bool operator <=(PieceIndex left, PieceIndex right) => left.Value <= right.Value;

    /// <summary>Order by index.</summary>
    public static bool operator >(PieceIndex left, PieceIndex right) => left.Value > right.Value;

    /// <summary>Order by index.</summary>
    public static bool operator >=(PieceIndex left, PieceIndex right) => left.Value >= right.Value;
}
