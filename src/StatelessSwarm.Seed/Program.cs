using StatelessSwarm.Seed.Hosting;

namespace StatelessSwarm.Seed;

internal static class Program
{
    private static Task<int> Main(string[] arguments) =>
        new SeedCommand(
            Console.Out,
            Console.Error,
            TimeProvider.System,
            new SystemdNotifier(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"))
        ).RunAsync(arguments, CancellationToken.None);
}
