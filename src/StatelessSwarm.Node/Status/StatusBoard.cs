using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Node.Status;

/// <summary>What the update cycle is doing, written by it and read by anyone.</summary>
internal sealed class StatusBoard
{
    private readonly Lock _gate = new();
    private UpdatePhase _phase;
    private Fault? _fault;
    private (Sha256Digest Digest, ReleaseManifest Manifest, TorrentSession? Session)? _transfer;
    private long _readBytes;

    /// <summary>A cycle begins.</summary>
    public void Begin() => Set(UpdatePhase.Checking);

    /// <summary>A release is being fetched.</summary>
    public void Download(Sha256Digest digest, ReleaseManifest manifest, TorrentSession session)
    {
        lock (_gate)
        {
            _transfer = (digest, manifest, session);
            _phase = UpdatePhase.Downloading;
        }
    }

    /// <summary>The release fetched is being read back.</summary>
    public void Verify()
    {
        Interlocked.Exchange(ref _readBytes, 0);
        Set(UpdatePhase.Verifying);
    }

    /// <summary>Bytes read back so far.</summary>
    public IProgress<long> ReadBack => new ReadBackProgress(this);

    /// <summary>The release is being put in place.</summary>
    public void Activate() => Set(UpdatePhase.Activating);

    /// <summary>The cycle ended, well when <paramref name="fault"/> is null.</summary>
    public void End(Fault? fault)
    {
        lock (_gate)
        {
            _fault = fault;
            _phase = fault is null ? UpdatePhase.Idle : UpdatePhase.Failed;
            _transfer = null;
        }
    }

    /// <summary>Phase, progress and last fault at one moment.</summary>
    public (UpdatePhase Phase, TransferProgress? Progress, Fault? LastFault) Read()
    {
        lock (_gate)
        {
            if (_transfer is not { } transfer)
                return (_phase, null, _fault);
            var status = transfer.Session?.Status ?? new TorrentStatus();
            var done = _phase == UpdatePhase.Verifying ? Interlocked.Read(ref _readBytes) : status.VerifiedBytes;
            var progress = new TransferProgress(
                transfer.Digest,
                transfer.Manifest.Version,
                done,
                transfer.Manifest.TotalBytes,
                SourcesOf(status),
                status.WastedBytes,
                status.Peers,
                status.Seeds
            );
            return (_phase, progress, _fault);
        }
    }

    /// <summary>Bytes by source of a torrent's counters.</summary>
    public static SourceBytes SourcesOf(TorrentStatus status) =>
        new(status.DiskBytes, status.ReceivedLanBytes, status.ReceivedWanBytes, status.ReceivedHttpBytes);

    private void Set(UpdatePhase phase)
    {
        lock (_gate)
            _phase = phase;
    }

    private sealed class ReadBackProgress(StatusBoard board) : IProgress<long>
    {
        public void Report(long value) => Interlocked.Exchange(ref board._readBytes, value);
    }
}
