# Jobs that note in Redis when they begin and end, for tests. The name of the host is DYNO's, as Sidekiq reads it.
require "sidekiq"

options = { url: ENV.fetch("REDIS_URL") }
options[:namespace] = ENV["REDIS_NAMESPACE"] if ENV["REDIS_NAMESPACE"]
Sidekiq.configure_server { |config| config.redis = options }

# Runs for some milliseconds.
class BriefJob
  include Sidekiq::Job

  def perform(name, milliseconds)
    Sidekiq.redis { |redis| redis.rpush("test:began", name) }
    sleep(milliseconds / 1000.0)
    Sidekiq.redis { |redis| redis.rpush("test:ended", name) }
  end
end

# Runs until somebody says that it may end.
class EndlessJob
  include Sidekiq::Job

  def perform(name)
    Sidekiq.redis { |redis| redis.rpush("test:began", name) }
    sleep(0.05) until Sidekiq.redis { |redis| redis.get("test:end") }
    Sidekiq.redis { |redis| redis.rpush("test:ended", name) }
  end
end
