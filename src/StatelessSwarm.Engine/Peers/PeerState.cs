using System.Net;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Uploading;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Peers;

/// <summary>What we know of one connection. Plain state: the rules live in the classes that change it.</summary>
internal sealed class PeerState
{
    /// <summary>Requests a peer is taken to queue while it has not said so (BEP 10 <c>reqq</c>): what libtorrent assumes.</summary>
    public const int AssumedRequestQueue = 250;

    public PeerState(PeerHandle handle, ConnectedPeer connection, int pieceCount, EngineClock clock, int mostRequests, RequestGroup? group)
    {
        Group = group;
        IsLan = connection.Reach == PeerReach.Lan;
        Pending = new PendingRequests(group);
        Handle = handle;
        Connection = connection;
        Have = new PieceSet(pieceCount);
        MostRequests = mostRequests;
        Window = new RequestWindow(clock, connection.IsWebSeed ? mostRequests : Math.Min(mostRequests, AssumedRequestQueue));
        ConnectedAt = clock.Now;
        LastHeardAt = clock.Now;
        LastSentAt = clock.Now;
        LastBlockAt = clock.Now;
        RateFrom = clock.Now;
        if (connection.IsOutgoing && !connection.IsWebSeed)
            ListenEndPoint = connection.EndPoint;
    }

    public PeerHandle Handle { get; }

    public ConnectedPeer Connection { get; }

    public PeerId Id => Connection.Handshake.PeerId;

    /// <summary>Near: a neighbour, or a member of our site.</summary>
    public bool IsLan { get; private set; }

    public bool IsWebSeed => Connection.IsWebSeed;

    public bool IsFast => Connection.Handshake.SupportsFast;

    public long ConnectedAt { get; }

    public long LastHeardAt { get; set; }

    public long LastSentAt { get; set; }

    /// <summary>Our book's entry, once known.</summary>
    public KnownPeer? Known { get; set; }

    /// <summary>Where it accepts peers; null while unknown.</summary>
    public IPEndPoint? ListenEndPoint { get; set; }

    /// <summary>BEP 40; 0 for unknown.</summary>
    public uint Priority { get; init; }

    /// <summary>Told to disconnect; only the shell's word that it is gone is missing.</summary>
    public bool IsClosing { get; set; }

    // What it has.

    public PieceSet Have { get; }

    /// <summary>Pieces it has and we do not.</summary>
    public int WantedPieces { get; set; }

    /// <summary>It had everything when it came: its pieces are not counted one by one, and it may be a scarce source.</summary>
    public bool IsSource { get; set; }

    /// <summary>Its pieces are counted in <see cref="Availability"/> as held by a usable neighbour.</summary>
    public bool IsCountedNear { get; set; }

    /// <summary>Counted as a usable complete neighbour.</summary>
    public bool IsCountedSource { get; set; }

    public bool IsComplete => Have.IsFull;

    /// <summary>Counted as a neighbour that takes claims.</summary>
    public bool IsCountedClaimant { get; set; }

    public int RedundantHaves { get; set; }

    // What it lets us do, and what we ask.

    public bool IsChokingUs { get; set; } = true;

    /// <summary>Pieces we may ask for while it chokes us (BEP 6); null for none.</summary>
    public PieceSet? FastTaken { get; set; }

    /// <summary>Pieces it has and lets us ask for now.</summary>
    public PieceSet Askable => IsChokingUs && FastTaken is { } fast ? fast : Have;

    public bool AreWeInterested { get; set; }

    public PendingRequests Pending { get; }

    /// <summary>The peers it shares a bottleneck with; null for neighbours.</summary>
    public RequestGroup? Group { get; private set; }

    public RequestWindow Window { get; }

    public int MostRequests { get; }

    /// <summary>The piece of ours whose missing blocks are asked of it next.</summary>
    public ActivePiece? Current { get; set; }

    /// <summary>The piece it was last given to start, or -1.</summary>
    public int LastStarted { get; set; } = -1;

    /// <summary>Nothing could be picked for it at this epoch; see <see cref="Downloader"/>.</summary>
    public long IdleEpoch { get; set; } = -1;

    public long LastBlockAt { get; set; }

    public bool IsSnubbed
    {
        get;
        set
        {
            field = value;
            Pending.IsStalled = value;
        }
    }

    /// <summary>While it is snubbed: from when on we have waited for a block.</summary>
    public long SilentSince { get; set; }

    /// <summary>A neighbour that gives far more slowly than the others: what only it has is fetched from elsewhere too.</summary>
    public bool IsLate { get; set; }

    /// <summary>When it is given another chance.</summary>
    public long LateUntil { get; set; }

    public int Stalls { get; set; }

    /// <summary>No requests before this time, after a reject.</summary>
    public long PausedUntil { get; set; }

    /// <summary>Seconds it took for its last pieces; 0 for unknown.</summary>
    public double PieceSeconds { get; set; }

    /// <summary>No new pieces before this time, because it took too long for the last ones; see <see cref="FarSources"/>.</summary>
    public long SlowUntil { get; set; }

    public int Rejects { get; set; }

    /// <summary>It gave blocks of a wrong piece that others gave blocks of too, and nobody can say whose were wrong (v1-only).</summary>
    public bool IsSuspect { get; set; }

    public int UnaskedBlocks { get; set; }

    // What we let it do, and what it asks.

    public bool AreWeChoking { get; set; } = true;

    public bool IsInterested { get; set; }

    /// <summary>Pieces it may ask for while choked (BEP 6), and the bytes of them that it may still have.</summary>
    public int[] FastGiven { get; set; } = [];

    /// <summary>See <see cref="FastGiven"/>.</summary>
    public long FastBytesLeft { get; set; }

    /// <summary>While we super-seed: what it was shown, and may ask for; else null.</summary>
    public RevealedPieces? Revealed { get; set; }

    public UploadQueue Uploads { get; } = new();

    /// <summary>Bytes handed to the shell and not yet sent.</summary>
    public int UploadingBytes { get; set; }

    /// <summary>Bytes it may have handed over at a time.</summary>
    public int UploadAllowance { get; set; }

    public bool IsInUploadRound { get; set; }

    public long UploadProgressAt { get; set; }

    public long ServedSinceUnchoke { get; set; }

    public long UnchokedAt { get; set; }

    /// <summary>When we last choked it; null while we never have.</summary>
    public long? ChokedAt { get; set; }

    public long LastServedAt { get; set; }

    public long RateFrom { get; set; }

    public long RateBytes { get; set; }

    /// <summary>Of its first bytes, those not counted (<see cref="FairTurns"/>).</summary>
    public int FirstBytes { get; set; }

    /// <summary>Bytes sent to it in this window (<see cref="FairTurns"/>).</summary>
    public long WindowBytes { get; set; }

    /// <summary>For how long blocks have waited for it in this window (<see cref="FairTurns"/>).</summary>
    public long WindowWait { get; set; }

    /// <summary>Bytes given to it while nobody may fall behind (<see cref="FairTurns"/>).</summary>
    public long GivenBytes { get; set; }

    /// <summary>When it last asked for, or got, something (<see cref="FairTurns"/>).</summary>
    public long WantedAt { get; set; }

    // Floods: counted per second.

    public long CountedFrom { get; set; }

    public int Messages { get; set; }

    public int ControlMessages { get; set; }

    public int RefusedRequests { get; set; }

    // Hashes (BEP 52).

    /// <summary>Hash requests of ours that it has not answered in time; the answers may still come.</summary>
    public int LateHashes { get; set; }

    /// <summary>Pieces it made us hash for leaf requests in this second.</summary>
    public int LeafAnswers { get; set; }

    // Extensions (BEP 10): ids of its map, 0 for not spoken.

    public byte MetadataId { get; set; }

    public byte ClaimsId { get; set; }

    public bool IsUploadOnly { get; set; }

    /// <summary>Peer exchange; null until it or we speak it.</summary>
    public PexState? Pex { get; set; }

    /// <summary>Its claims, in the order they were made.</summary>
    public List<int> Claims { get; } = [];

    /// <summary>Slowdowns (see <see cref="Limits.BackgroundWindow"/>) it has told of, or -1 while it has told nothing of its needs.</summary>
    public int SeenSlowdowns { get; set; } = -1;

    /// <summary>It says that it falls behind its neighbours.</summary>
    public bool IsBehind { get; set; }

    /// <summary>Counted as a neighbour that takes claims and is not behind.</summary>
    public bool IsCountedAble { get; set; }

    public long ClaimsHeardAt { get; set; }

    public long ClaimsProgressAt { get; set; }

    /// <summary>It has turned out to be of our site: near from here on.</summary>
    public void ComeNear()
    {
        IsLan = true;
        Group = null;
        Pending.LeaveGroup();
        if (Known is not null)
            Known.Reach = PeerReach.Lan;
    }
}
