using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Node.Tests.Control;

public sealed class ControlServerTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeControl _control = new();
    private ControlServer? _server;

    private string SocketPath => _directory["run/control.sock"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _directory.Dispose();
    }

    private async Task StartAsync() =>
        _server = await ControlServer.StartAsync(SocketPath, null, _control, TimeProvider.System, NullLogger.Instance, Cancellation);

    [Fact]
    public async Task Status_Asked_IsTheNodes()
    {
        await StartAsync();
        var status = await ControlClient.TryGetStatusAsync(SocketPath, TimeProvider.System, Cancellation);
        Assert.Equal("web", status!.Product);
    }

    [Fact]
    public async Task Limit_Changed_ReachesTheNodeAndIsAnswered()
    {
        await StartAsync();
        var change = new LimitChange(false, new Dictionary<LimitName, long?> { [LimitName.WanDown] = 2 << 20 });
        var status = await ControlClient.TryLimitAsync(SocketPath, change, TimeProvider.System, Cancellation);
        Assert.Equal(2 << 20, status!.InForce.WanDown);
        Assert.Equal(change.Rates, _control.Change!.Rates);
    }

    [Fact]
    public async Task Plan_Asked_IsTheNodes()
    {
        await StartAsync();
        var plan = await ControlClient.TryPlanAsync(SocketPath, TimeProvider.System, Cancellation);
        Assert.Equal(FakeControl.Planned with { Reused = [] }, plan! with { Reused = [] });
        Assert.Equal(FakeControl.Planned.Reused, plan!.Reused);
        _control.Fault = new NodeException(FaultKind.Failed, "an update is under way");
        var fault = await Assert.ThrowsAsync<NodeException>(() => ControlClient.TryPlanAsync(SocketPath, TimeProvider.System, Cancellation));
        Assert.Equal("an update is under way", fault.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Collect_Asked_ReachesTheNodeAndIsAnswered(bool isDryRun)
    {
        await StartAsync();
        var collected = await ControlClient.TryCollectAsync(SocketPath, isDryRun, TimeProvider.System, Cancellation);
        Assert.Equal(5, collected!.Bytes);
        Assert.Equal(isDryRun, _control.WasDryRun);
    }

    [Fact]
    public async Task Limit_NoDaemon_IsNull() =>
        Assert.Null(await ControlClient.TryLimitAsync(SocketPath, LimitChange.Nothing, TimeProvider.System, Cancellation));

    [Fact]
    public async Task Socket_Mode_IsOwnerAndGroup()
    {
        await StartAsync();
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite,
            File.GetUnixFileMode(SocketPath)
        );
    }

    [Fact]
    public async Task Socket_LeftByKilledDaemon_IsTaken()
    {
        Directory.CreateDirectory(_directory["run"]);
        // a disposed Socket takes its file along; a plain file refuses connections just as an orphan does
        await File.WriteAllTextAsync(SocketPath, "", Cancellation);
        Assert.Null(await ControlClient.TryGetStatusAsync(SocketPath, TimeProvider.System, Cancellation));
        await StartAsync();
        Assert.NotNull(await ControlClient.TryGetStatusAsync(SocketPath, TimeProvider.System, Cancellation));
    }

    [Fact]
    public async Task Socket_GroupUnknown_NamesIt()
    {
        var fault = await Assert.ThrowsAsync<IOException>(
            () => ControlServer.StartAsync(SocketPath, "no-such-group-here", _control, TimeProvider.System, NullLogger.Instance, Cancellation)
        );
        Assert.Contains("no-such-group-here", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Socket_PathTooLong_IsIOException()
    {
        var path = Path.Combine(_directory.Path, new string('x', 120), "control.sock");
        await Assert.ThrowsAsync<IOException>(
            () => ControlServer.StartAsync(path, null, _control, TimeProvider.System, NullLogger.Instance, Cancellation)
        );
    }

    [Fact]
    public async Task Client_NoDaemon_GetsNothing()
    {
        Assert.Null(await ControlClient.TryGetStatusAsync(SocketPath, TimeProvider.System, Cancellation));
        Assert.Null(await ControlClient.TryRunAsync(SocketPath, ControlRequestKind.Activate, null, TimeProvider.System, Cancellation));
    }

    [Fact]
    public async Task UpdateNow_Running_StreamsStatusesThenResult()
    {
        await StartAsync();
        _control.Update = new TaskCompletionSource<UpdateResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = 0;
        var twice = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = ControlClient.TryRunAsync(
            SocketPath,
            ControlRequestKind.UpdateNow,
            new Reporter(() =>
            {
                if (++seen == 2)
                    twice.SetResult();
            }),
            TimeProvider.System,
            Cancellation
        );
        await twice.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, Cancellation);
        _control.Update.SetResult(FakeControl.Result);
        Assert.Equal(FakeControl.Result, await run);
    }

    [Fact]
    public async Task Activate_Fails_TellsKindAndLine()
    {
        await StartAsync();
        _control.Fault = new NodeException(FaultKind.Nothing, "nothing to activate");
        var fault = await Assert.ThrowsAsync<NodeException>(
            () => ControlClient.TryRunAsync(SocketPath, ControlRequestKind.Activate, null, TimeProvider.System, Cancellation)
        );
        Assert.Equal((FaultKind.Nothing, "nothing to activate"), (fault.Kind, fault.Message));
    }

    [Theory]
    [InlineData("00000000")]
    [InlineData("7fffffff")]
    [InlineData("ffffffff")]
    [InlineData("00000101")]
    [InlineData("00000003920109")]
    [InlineData("0000000392")]
    [InlineData("00")]
    [InlineData("")]
    public async Task Server_HostileFrame_GoesOnServing(string hex)
    {
        await StartAsync();
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), Cancellation);
            await socket.SendAsync(Convert.FromHexString(hex), Cancellation);
            socket.Shutdown(SocketShutdown.Send);
            // whatever it answers, it hangs up
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer, Cancellation) > 0)
                continue;
        }
        Assert.NotNull(await ControlClient.TryGetStatusAsync(SocketPath, TimeProvider.System, Cancellation));
    }

    [Fact]
    public async Task Server_ManySilentClients_AnswersWhenTheyLeave()
    {
        await StartAsync();
        var silent = new List<Socket>();
        for (var count = 0; count < ControlServer.MaxConnections + 5; count++)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), Cancellation);
            silent.Add(socket);
        }
        var asked = ControlClient.TryGetStatusAsync(SocketPath, TimeProvider.System, Cancellation);
        foreach (var socket in silent)
            socket.Dispose();
        Assert.NotNull(await asked);
    }

    [Fact]
    public async Task Dispose_ClientWatching_EndsTheWatch()
    {
        await StartAsync();
        var count = 0;
        await foreach (var _ in ControlClient.WatchAsync(SocketPath, TimeProvider.System, Cancellation))
        {
            if (++count == 1)
                await _server!.DisposeAsync();
        }
        Assert.True(count >= 1);
        Assert.False(File.Exists(SocketPath));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(17)]
    public async Task Frame_LengthOutOfRange_IsContentException(int length)
    {
        var head = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(head, length);
        await Assert.ThrowsAsync<Content.ContentException>(() => ControlFrames.ReadAsync(new MemoryStream(head), 16, Cancellation));
    }

    private sealed class Reporter(Action report) : IProgress<NodeStatus>
    {
        public void Report(NodeStatus value) => report();
    }

    private sealed class FakeControl : INodeControl
    {
        public static readonly UpdateResult Result = new(
            UpdateOutcome.Activated, new SlotRelease(Sha256Digest.HashData("x"u8), "1.0", 1), "a note"
        );

        public TaskCompletionSource<UpdateResult>? Update { get; set; }

        public Exception? Fault { get; set; }

        public LimitChange? Change { get; private set; }

        public LimitStatus ChangeLimits(LimitChange change)
        {
            Change = change;
            return new LimitStatus { Configured = TransferLimits.None, InForce = TransferLimits.None with { WanDown = 2 << 20 } };
        }

        public NodeStatus Leave() => GetStatus();

        public NodeStatus GetStatus() => new() { IsDaemon = true, Product = "web" };

        public Task<UpdateResult> ActivateAsync(CancellationToken cancellation) =>
            Fault is null ? Task.FromResult(Result) : Task.FromException<UpdateResult>(Fault);

        public Task<UpdateResult> RollBackAsync(CancellationToken cancellation) => ActivateAsync(cancellation);

        public Task<UpdateResult> UpdateAsync(CancellationToken cancellation) =>
            Update is null ? ActivateAsync(cancellation) : Update.Task.WaitAsync(cancellation);

        public static readonly UpdatePlan Planned = new()
        {
            Release = Result.Release,
            IsInPlace = false,
            TotalBytes = 100,
            FetchBytes = 30,
            Reused = [new PlannedReuse("0.9", 70)],
            RoomNeeded = 200,
            RoomAvailable = 300,
        };

        public bool? WasDryRun { get; private set; }

        public Task<UpdatePlan> PlanAsync(CancellationToken cancellation) =>
            Fault is null ? Task.FromResult(Planned) : Task.FromException<UpdatePlan>(Fault);

        public Task<CollectResult> CollectAsync(bool isDryRun, CancellationToken cancellation)
        {
            WasDryRun = isDryRun;
            return Task.FromResult(new CollectResult([new CollectableRelease(Result.Release.Digest, true, 5)]));
        }
    }
}
