using System.Security.Cryptography;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Extensions;

/// <summary>
/// Gets the info dictionary of a torrent of which only the hash is known (BEP 9, a magnet link): events in, commands out, like
/// <see cref="TorrentEngine"/>, and owned alike. The dictionary is fetched from one peer at a time, so that a wrong hash has one
/// author; a peer that refuses, stalls or lies is followed by the next. The owner gives the connections to the torrent's engine
/// afterwards, or closes them.
/// </summary>
public sealed class MetadataFetcher
{
    /// <summary>Largest dictionary taken: 16 MiB.</summary>
    public const int MaxSize = MetadataMessage.MaxSize;

    /// <summary>Requests under way at a time.</summary>
    public const int Pipeline = 8;

    /// <summary>A peer that sends nothing for so long is left for the next one, in milliseconds.</summary>
    public const int PatienceMs = 5000;

    /// <summary>A peer that refused is asked again after this time, in milliseconds; it may have got the dictionary since.</summary>
    public const int RefusalMs = 10_000;

    private readonly InfoHash? _v1;
    private readonly Sha256Digest? _v2;
    private readonly EngineClock _clock;
    private readonly CommandQueue _commands;
    private readonly List<Candidate> _candidates = [];
    private Candidate? _current;
    private byte[] _buffer = [];
    private bool[] _received = [];
    private int _missing;
    private int _next;

    /// <summary>A fetcher for a dictionary with these hashes; at least one must be given, all given ones must match.</summary>
    public MetadataFetcher(InfoHash? v1, Sha256Digest? v2, TimeProvider time)
    {
        if (v1 is null && v2 is null)
            throw new ArgumentException("A metadata fetcher needs an info hash.", nameof(v1));
        _v1 = v1;
        _v2 = v2;
        _clock = new EngineClock(time);
        _commands = new CommandQueue(_clock);
    }

    /// <summary>The verified bytes of the info dictionary; null until they are there.</summary>
    public ReadOnlyMemory<byte>? Info { get; private set; }

    /// <summary>When <see cref="Advance"/> wants to be called, as a timestamp of the given clock; null for never.</summary>
    public long? NextAdvance { get; private set; }

    /// <summary>A connection has finished its handshakes.</summary>
    public void PeerConnected(PeerHandle peer, ConnectedPeer connection)
    {
        _clock.Update();
        var state = new PeerState(peer, connection, 0, _clock, 1, null);
        _candidates.Add(new Candidate(state));
        if (connection.Handshake.SupportsFast)
            _commands.Send(state, PeerMessageKind.HaveNone);
        if (connection.Handshake.SupportsExtensions)
        {
            var hello = new ExtensionHandshake { MetadataId = ExtensionIds.Metadata, Version = "StatelessSwarm 0.1" };
            _commands.SendExtended(state, ExtensionIds.Handshake, hello.ToBytes());
        }
        Plan();
    }

    /// <summary>A connection is gone.</summary>
    public void PeerDisconnected(PeerHandle peer)
    {
        _clock.Update();
        var gone = Find(peer);
        if (gone is null)
            return;
        _candidates.Remove(gone);
        if (gone == _current)
            _current = null;
        Plan();
    }

    /// <summary>A message other than Piece arrived.</summary>
    public void MessageReceived(PeerHandle peer, in PeerMessage message)
    {
        _clock.Update();
        if (message.Kind != PeerMessageKind.Extended || Info is not null || Find(peer) is not { IsOut: false } from)
            return;
        var isRight = message.ExtendedId switch
        {
            ExtensionIds.Handshake => TakeHandshake(from, message.Payload),
            ExtensionIds.Metadata => TakeMetadata(from, message.Payload),
            _ => true,
        };
        if (!isRight)
            Refuse(from, PeerFault.BadExtension);
        Plan();
    }

    /// <summary>Time has passed.</summary>
    public void Advance()
    {
        _clock.Update();
        if (_current is { } slow && _clock.HasPassed(slow.ProgressAt, PatienceMs))
            LeaveFor(slow);
        Plan();
    }

    /// <summary>Next command, in order; false when there is none.</summary>
    public bool TryDequeue(out EngineCommand command) => _commands.TryDequeue(out command);

    private Candidate? Find(PeerHandle peer) => _candidates.Find(candidate => candidate.Peer.Handle == peer);

    private static bool TakeHandshake(Candidate from, ReadOnlyMemory<byte> payload)
    {
        if (ExtensionHandshake.TryRead(payload) is not { } said)
            return false;
        from.Peer.MetadataId = said.MetadataId ?? from.Peer.MetadataId;
        if (said.MetadataSize > 0)
            from.Size = said.MetadataSize;
        return true;
    }

    private bool TakeMetadata(Candidate from, ReadOnlyMemory<byte> payload)
    {
        if (MetadataMessage.TryRead(payload) is not { } message)
            return false;
        if (message.Kind == MetadataMessageKind.Request)
        {
            if (from.Peer.MetadataId != 0)
                Send(from, new MetadataMessage(MetadataMessageKind.Reject, message.Piece, 0, default));
            return true;
        }
        if (from != _current)
            return true;
        if (message.Kind == MetadataMessageKind.Reject)
        {
            LeaveFor(from);
            return true;
        }
        return message.Kind != MetadataMessageKind.Data || TakePiece(from, message);
    }

    private bool TakePiece(Candidate from, MetadataMessage message)
    {
        if (message.Piece >= _received.Length || _received[message.Piece])
            return message.Piece < _received.Length;
        var start = message.Piece * MetadataMessage.PieceSize;
        var length = Math.Min(MetadataMessage.PieceSize, _buffer.Length - start);
        if (message.Data.Length != length || (message.TotalSize != 0 && message.TotalSize != _buffer.Length))
            return false;
        message.Data.Span.CopyTo(_buffer.AsSpan(start));
        _received[message.Piece] = true;
        _missing--;
        from.ProgressAt = _clock.Now;
        if (_missing > 0)
        {
            AskNext(from);
            return true;
        }
        _current = null;
        if (IsRight(_buffer))
            Info = _buffer;
        else
            Refuse(from, PeerFault.WrongData);
        return true;
    }

    private bool IsRight(byte[] info)
    {
        // SHA-1 is what BEP 3 names a torrent by; a v2 hash, where known, is checked as well.
        if (_v2 is { } v2 && Sha256Digest.HashData(info) != v2)
            return false;
        return _v1 is not { } v1 || new InfoHash(SHA1.HashData(info)) == v1
            || (_v2 is null && InfoHash.Truncate(Sha256Digest.HashData(info)) == v1);
    }

    private void LeaveFor(Candidate left)
    {
        left.RetryAt = _clock.Now + _clock.Milliseconds(RefusalMs);
        _current = null;
    }

    private void Refuse(Candidate candidate, PeerFault fault)
    {
        candidate.IsOut = true;
        _commands.Disconnect(candidate.Peer.Handle, fault);
        if (candidate == _current)
            _current = null;
    }

    private void Plan()
    {
        NextAdvance = null;
        if (Info is not null)
            return;
        if (_current is null)
            Begin();
        if (_current is { } current)
        {
            NextAdvance = current.ProgressAt + _clock.Milliseconds(PatienceMs);
            return;
        }
        foreach (var candidate in _candidates)
        {
            if (candidate.CanServe && (NextAdvance is not { } next || candidate.RetryAt < next))
                NextAdvance = candidate.RetryAt;
        }
    }

    private void Begin()
    {
        Candidate? best = null;
        foreach (var candidate in _candidates)
        {
            // Neighbours first, then in the order of arrival.
            if (candidate.CanServe && candidate.RetryAt <= _clock.Now && (best is null || (candidate.Peer.IsLan && !best.Peer.IsLan)))
                best = candidate;
        }
        if (best is null)
            return;
        _current = best;
        best.ProgressAt = _clock.Now;
        _buffer = new byte[best.Size];
        _missing = MetadataMessage.PieceCount(best.Size);
        _received = new bool[_missing];
        _next = 0;
        for (var asked = 0; asked < Pipeline; asked++)
            AskNext(best);
    }

    private void AskNext(Candidate from)
    {
        if (_next < _received.Length)
            Send(from, new MetadataMessage(MetadataMessageKind.Request, _next++, 0, default));
    }

    private void Send(Candidate to, MetadataMessage message) =>
        _commands.SendExtended(to.Peer, to.Peer.MetadataId, message.ToBytes());

    private sealed class Candidate(PeerState peer)
    {
        public PeerState Peer => peer;

        public int Size { get; set; }

        public long RetryAt { get; set; } = long.MinValue;

        public long ProgressAt { get; set; }

        public bool IsOut { get; set; }

        public bool CanServe => !IsOut && peer.MetadataId != 0 && Size is > 0 and <= MaxSize;
    }
}
