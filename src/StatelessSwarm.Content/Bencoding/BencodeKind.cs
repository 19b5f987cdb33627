namespace StatelessSwarm.Content.Bencoding;

/// <summary>What a bencode token or value is (BEP 3).</summary>
public enum BencodeKind
{
    /// <summary>Nothing read yet, or no value.</summary>
    None = 0,

    /// <summary><c>i42e</c></summary>
    Integer,

    /// <summary><c>4:spam</c>: bytes, not text.</summary>
    String,

    /// <summary><c>l...e</c>; as a token, its start.</summary>
    List,

    /// <summary><c>d...e</c>; as a token, its start.</summary>
    Dictionary,

    /// <summary>The <c>e</c> that ends a list or dictionary; never the kind of a value.</summary>
    End,
}
