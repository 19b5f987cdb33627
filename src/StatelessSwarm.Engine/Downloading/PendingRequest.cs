namespace StatelessSwarm.Engine.Downloading;

/// <summary>A request that a peer has not answered.</summary>
internal struct PendingRequest
{
    /// <summary>Piece index.</summary>
    public int Piece;

    /// <summary>Block of the piece.</summary>
    public int Block;

    /// <summary>When it was sent.</summary>
    public long SentAt;

    /// <summary>Its number among all requests to this peer.</summary>
    public long Number;

    /// <summary>Its number among the requests of its group.</summary>
    public long GroupNumber;

    /// <summary>We have taken it back with CANCEL; the answer may be on its way all the same.</summary>
    public bool IsCancelled;

    /// <summary>Answered; the place is free once it reaches the head.</summary>
    public bool IsAnswered;
}
