namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Requests sent to one peer and not answered, oldest first, in a ring. Peers answer nearly in order, so a search from the
/// head finds its request at once. Cancelled requests stay until answered (BEP 6 promises an answer), until the ring is full, or, of peers that promise
/// nothing, until <see cref="ForgetCancelled"/>.
/// </summary>
/// <param name="group">Requests to several peers that share a bottleneck, counted together; or null.</param>
internal sealed class PendingRequests(RequestGroup? group)
{
    /// <summary>Most requests kept, cancelled ones included.</summary>
    public const int Capacity = 4096;

    private RequestGroup? _group = group;
    private PendingRequest[] _ring = new PendingRequest[32];
    private int _head;
    private int _count;
    private long _nextNumber;

    /// <summary>Requests we still want answered.</summary>
    public int Live
    {
        get;
        private set
        {
            if (!IsStalled)
                _group?.Count(value - field);
            field = value;
        }
    }

    /// <summary>The peer answers nothing: what it was asked for takes nobody's room.</summary>
    public bool IsStalled
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            _group?.Count(value ? -Live : Live);
        }
    }

    /// <summary>Number the next request will get.</summary>
    public long NextNumber => _nextNumber;

    /// <summary>When the oldest wanted request was sent; <see cref="long.MaxValue"/> without one.</summary>
    public long OldestLiveAt
    {
        get
        {
            for (var index = 0; index < _count; index++)
            {
                ref var request = ref At(index);
                if (request is { IsAnswered: false, IsCancelled: false })
                    return request.SentAt;
            }
            return long.MaxValue;
        }
    }

    /// <summary>Places in use, for iteration with <see cref="At"/>.</summary>
    public int Count => _count;

    /// <summary>The request at a place counted from the oldest.</summary>
    public ref PendingRequest At(int index) => ref _ring[(_head + index) & (_ring.Length - 1)];

    /// <summary>Records a request; false when there is no room.</summary>
    public bool TryAdd(int piece, int block, long now)
    {
        if (_count == Capacity && !EvictCancelled())
            return false;
        if (_count == _ring.Length)
            Grow();
        At(_count) = new PendingRequest
        {
            Piece = piece,
            Block = block,
            SentAt = now,
            Number = _nextNumber,
            GroupNumber = _group?.NextNumber ?? 0,
        };
        _count++;
        _nextNumber++;
        _group?.Numbered();
        Live++;
        return true;
    }

    /// <summary>The peer turned out to be on our side of the bottleneck.</summary>
    public void LeaveGroup()
    {
        _group?.Count(-Live);
        _group = null;
    }

    /// <summary>Takes a request out because it is answered.</summary>
    public bool TryAnswer(int piece, int block, out PendingRequest request)
    {
        var index = IndexOf(piece, block);
        request = index < 0 ? default : At(index);
        if (index < 0)
            return false;
        if (!request.IsCancelled)
            Live--;
        At(index).IsAnswered = true;
        Trim();
        return true;
    }

    /// <summary>Marks a wanted request as taken back; false when there is none.</summary>
    public bool TryCancel(int piece, int block)
    {
        // An earlier request for the block may have been taken back and not answered yet: it is another one.
        for (var index = 0; index < _count; index++)
        {
            ref var request = ref At(index);
            if (request.Piece != piece || request.Block != block || request.IsAnswered || request.IsCancelled)
                continue;
            request.IsCancelled = true;
            Live--;
            return true;
        }
        return false;
    }

    /// <summary>Marks every wanted request as taken back.</summary>
    public void CancelAll()
    {
        for (var index = 0; index < _count; index++)
            At(index).IsCancelled = true;
        Live = 0;
    }

    /// <summary>Forgets those of the oldest requests that were taken back and sent before a time.</summary>
    public void ForgetCancelled(long sentBefore)
    {
        while (_count > 0 && At(0) is { IsCancelled: true } oldest && oldest.SentAt < sentBefore)
        {
            At(0).IsAnswered = true;
            Trim();
        }
    }

    /// <summary>Forgets everything (choke without BEP 6, end of the connection).</summary>
    public void Clear()
    {
        _head = 0;
        _count = 0;
        Live = 0;
    }

    private int IndexOf(int piece, int block)
    {
        for (var index = 0; index < _count; index++)
        {
            ref var request = ref At(index);
            if (request.Piece == piece && request.Block == block && !request.IsAnswered)
                return index;
        }
        return -1;
    }

    private void Trim()
    {
        while (_count > 0 && At(0).IsAnswered)
        {
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
        }
    }

    private bool EvictCancelled()
    {
        if (!At(0).IsCancelled)
            return false;
        At(0).IsAnswered = true;
        Trim();
        return true;
    }

    private void Grow()
    {
        var larger = new PendingRequest[_ring.Length * 2];
        for (var index = 0; index < _count; index++)
            larger[index] = At(index);
        _ring = larger;
        _head = 0;
    }
}
