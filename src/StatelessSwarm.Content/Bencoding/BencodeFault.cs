namespace StatelessSwarm.Content.Bencoding;

/// <summary>The rule that an input broke.</summary>
public enum BencodeFault
{
    /// <summary>None so far.</summary>
    None = 0,

    /// <summary>The input ends inside a value, or a string claims more bytes than there are.</summary>
    Truncated,

    /// <summary>A byte that starts no value, or an end where a value is due.</summary>
    ExpectedValue,

    /// <summary>A dictionary entry that does not start with a string.</summary>
    ExpectedKey,

    /// <summary>Empty, leading zero, minus zero, a stray byte, or outside 64 bits.</summary>
    BadInteger,

    /// <summary>A string length with a leading zero, a stray byte or more than 31 bits.</summary>
    BadLength,

    /// <summary>More than <see cref="BencodeReader.MaxDepth"/> containers inside one another.</summary>
    TooDeep,

    /// <summary>Canonical reading only: a key that is not greater than the one before it.</summary>
    KeyOrder,

    /// <summary>Bytes after the value.</summary>
    TrailingBytes,
}
